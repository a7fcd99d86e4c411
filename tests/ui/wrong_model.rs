//! An inline model with a misspelt name and a missing label.

mod model {
    mpcal_macros::mpcal! { r#"
        --mpcal Counter {
          archetype Worker(ref counter)
          {
            counter := cuonter + 1;
            while (TRUE) { skip; };
          }
        }
    "# }
}

fn main() {}
