//! `mpcal!`: a model inline in Rust, or in a file, compiled as `mpcal_build::build` does it.

use std::path::{Path, PathBuf};

use mpcal_build::{Compiled, Config, Error};
use proc_macro::TokenStream;
use proc_macro2::TokenStream as Tokens;
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::LitStr;

/// Compiles a model to the items that `mpcal_build::build` generates.
///
/// The argument is one string literal:
///
/// * a whole module, or a bare `--mpcal` block: `mpcal! { r#"--mpcal Counter { … }"# }`;
/// * otherwise the path of a module, relative to the directory of the crate's `Cargo.toml`:
///   `mpcal!("models/counter.tla")`. The crate is built again when that file, or a module it
///   extends, changes.
///
/// A problem of the model is a compile error with the same report that `mpcal-build check` shows.
///
/// ```
/// mod counter {
///     mpcal_macros::mpcal! { r#"
///         --mpcal Counter {
///           archetype Worker(ref counter, rounds)
///           {
///             add:
///               while (rounds > 0) {
///                 counter := counter + 1;
///                 rounds := rounds - 1;
///               };
///           }
///           variables counter = 0;
///           process (worker \in 1..2) == instance Worker(ref counter, 3);
///         }
///     "# }
/// }
/// use mpcal_runtime::resource::Shared;
/// let constants = std::sync::Arc::new(counter::Constants {});
/// let parameters = counter::WorkerParameters { counter: Shared::new(0), rounds: 3 };
/// let worker = counter::Worker::new(1, &constants, parameters).unwrap();
/// ```
#[proc_macro]
pub fn mpcal(input: TokenStream) -> TokenStream {
    let argument = syn::parse_macro_input!(input as Argument);
    argument
        .expand()
        .unwrap_or_else(|error| {
            let report = format!("\n{error}");
            quote!(::core::compile_error!(#report);)
        })
        .into()
}

struct Argument(LitStr);

impl Parse for Argument {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let text = input.parse()?;
        input.parse::<Option<syn::Token![;]>>()?;
        Ok(Self(text))
    }
}

impl Argument {
    fn expand(&self) -> Result<Tokens, Error> {
        let text = self.0.value();
        let mut config = Config::new();
        config.in_macro(true);
        let directory = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
        if text.contains("--mpcal") {
            // As many lines before it as the file has, so that reports name the lines of the file.
            let place = self.0.span().unwrap();
            let text = format!("{}{text}", "\n".repeat(place.line().saturating_sub(1)));
            return tokens(&config.compile_text(&place.file(), &text, Some(&directory))?, &[]);
        }
        let path = directory.join(&text);
        tokens(&config.compile_file(&path)?, &[path])
    }
}

/// The items, and a mention of each file, so that rustc knows what they depend on.
fn tokens(compiled: &Compiled, files: &[PathBuf]) -> Result<Tokens, Error> {
    let items: Tokens = compiled.rust.parse().unwrap_or_default();
    let files = files.iter().chain(&compiled.modules).map(|f| absolute(f));
    Ok(quote! {
        #items
        #(const _: &[u8] = ::core::include_bytes!(#files);)*
    })
}

fn absolute(path: &Path) -> String {
    path.canonicalize().unwrap_or_else(|_| path.to_path_buf()).display().to_string()
}
