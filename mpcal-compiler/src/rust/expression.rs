//! Expressions of Rust: tokens, with what must be known of them to put them into others.
//!
//! `rust!` is `quote!` for expressions: what is made from parts that can fail can fail, and so can what has a `?`.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::ToTokens;

/// An expression from a template, as with `quote!`.
macro_rules! rust {
    ($($template:tt)*) => {
        $crate::rust::expression::Rust::new(
            ::quote::quote!($($template)*),
            $crate::rust::expression::fails!($($template)*),
        )
    };
}

/// Whether what is made from a template can fail: it has a `?` or a `return`, or a part that can.
macro_rules! fails {
    () => { false };
    (? $($rest:tt)*) => { true };
    (return $($rest:tt)*) => { true };
    (# $part:ident $($rest:tt)*) => {
        $crate::rust::expression::Part::fails(&$part) || $crate::rust::expression::fails!($($rest)*)
    };
    (( $($inner:tt)* ) $($rest:tt)*) => {
        $crate::rust::expression::fails!($($inner)*) || $crate::rust::expression::fails!($($rest)*)
    };
    ([ $($inner:tt)* ] $($rest:tt)*) => {
        $crate::rust::expression::fails!($($inner)*) || $crate::rust::expression::fails!($($rest)*)
    };
    ({ $($inner:tt)* } $($rest:tt)*) => {
        $crate::rust::expression::fails!($($inner)*) || $crate::rust::expression::fails!($($rest)*)
    };
    ($other:tt $($rest:tt)*) => { $crate::rust::expression::fails!($($rest)*) };
}

pub(super) use {fails, rust};

/// How tightly an expression holds together, loosest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// `{ … }`, `if`, `match`
    Block,
    /// `a || b`
    Or,
    /// `a && b`
    And,
    /// `a == b`, `a < b`
    Compare,
    /// `!a`, `*a`, `&a`
    Unary,
    /// Names, literals, calls, fields, `a?`
    Postfix,
}

/// An expression of Rust.
#[derive(Clone, Debug)]
pub(super) struct Rust {
    tokens: TokenStream,
    level: Level,
    /// Whether evaluating it can leave the function. A `?` inside a closure belongs to the closure, but then the
    /// function that takes it fails, too.
    fails: bool,
    /// The `Result` that it is the value of, if it is nothing but `….?`
    tried: Option<Box<Rust>>,
}

/// What a template of `rust!` is filled with.
pub(super) trait Part {
    /// Whether evaluating it can leave the function.
    fn fails(&self) -> bool;
}

impl Rust {
    /// What `rust!` makes.
    pub(super) fn new(tokens: TokenStream, fails: bool) -> Self {
        debug_assert!(fails || !has_way_out(&tokens), "it can fail: {tokens}");
        Self { tokens, level: Level::Postfix, fails, tried: None }
    }

    /// The same, held together less tightly.
    pub(super) fn at(self, level: Level) -> Self {
        Self { level, ..self }
    }

    /// Steps and where control goes then: what leaves the function in any case.
    pub(super) fn body(tokens: TokenStream) -> Self {
        Self { tokens, level: Level::Block, fails: true, tried: None }
    }

    /// `e?`
    pub(super) fn tried(self) -> Self {
        let result = self.receiver();
        Self { tried: Some(Box::new(result.clone())), ..rust!(#result?) }
    }

    /// The `Result` that this is the value of: without the `?` at its end, or `Ok(e)`.
    pub(super) fn into_result(mut self) -> Self {
        self.tried.take().map_or_else(|| rust!(Ok(#self)), |result| *result)
    }

    /// A closure that gives it as a `Result`; the type of its value is written down where a block needs it.
    pub(super) fn closure(self, patterns: &Self, value: &TokenStream) -> Self {
        let (is_simple, body) = (self.level > Level::Block && !self.fails, self.into_result());
        if is_simple {
            rust!(|#patterns| #body)
        } else {
            rust!(|#patterns| -> rt::Eval<#value> { #body })
        }
    }

    /// Whether there is nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// Whether it is this name.
    pub(super) fn is_name(&self, name: &str) -> bool {
        self.tokens.to_string() == name
    }

    /// As a part of something that holds together so tightly: in parentheses, if it must be.
    pub(super) fn within(self, level: Level) -> Self {
        if self.level >= level {
            return self;
        }
        rust!((#self))
    }

    /// `e.…`
    pub(super) fn receiver(self) -> Self {
        self.within(Level::Postfix)
    }

    /// `&e`
    pub(super) fn borrowed(self) -> Self {
        let e = if self.level == Level::Block { self } else { self.within(Level::Unary) };
        rust!(&#e).at(Level::Unary)
    }

    /// `*e`
    pub(super) fn dereferenced(self) -> Self {
        let e = self.within(Level::Unary);
        rust!(*#e).at(Level::Unary)
    }

    /// `e.clone()`
    pub(super) fn cloned(self) -> Self {
        let e = self.receiver();
        rust!(#e.clone())
    }

    /// `!e`
    pub(super) fn negated(self) -> Self {
        let e = self.within(Level::Unary);
        rust!(!#e).at(Level::Unary)
    }

    /// `e` or `!e`
    pub(super) fn negated_if(self, negated: bool) -> Self {
        if negated {
            self.negated()
        } else {
            self
        }
    }

    /// `a == b`, `a != b`, `a < b`, …
    pub(super) fn compared(self, operator: &str, other: Self) -> Self {
        let tight = |e: Self| e.within(Level::Unary);
        let (a, b) = (tight(self), tight(other));
        match operator {
            "==" => rust!(#a == #b),
            "!=" => rust!(#a != #b),
            "<" => rust!(#a < #b),
            "<=" => rust!(#a <= #b),
            ">" => rust!(#a > #b),
            _ => rust!(#a >= #b),
        }
        .at(Level::Compare)
    }

    /// `a && b && …`, `a || b || …`
    pub(super) fn joined(items: Vec<Self>, level: Level) -> Self {
        let mut items: Vec<_> = items.into_iter().map(|e| e.within_join(level)).collect();
        if items.len() == 1 {
            return items.remove(0);
        }
        if level == Level::And {
            rust!(#(#items)&&*).at(level)
        } else {
            rust!(#(#items)||*).at(level)
        }
    }

    /// `if c { a } else { b }`
    pub(super) fn branch(condition: &Self, a: &Self, b: &Self) -> Self {
        rust!(if #condition { #a } else { #b }).at(Level::Block)
    }

    /// `||` beside `&&` is in parentheses, for people.
    fn within_join(self, level: Level) -> Self {
        match self.level {
            Level::And | Level::Or if self.level != level => self.within(Level::Postfix),
            _ => self.within(level),
        }
    }
}

impl ToTokens for Rust {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.tokens.to_tokens(tokens);
    }
}

impl Part for Rust {
    fn fails(&self) -> bool {
        self.fails
    }
}

impl<P: Part> Part for Vec<P> {
    fn fails(&self) -> bool {
        self.iter().any(Part::fails)
    }
}

impl<P: Part> Part for Option<P> {
    fn fails(&self) -> bool {
        self.as_ref().is_some_and(Part::fails)
    }
}

/// Types, patterns and names are nothing that is evaluated.
macro_rules! never_fails {
    ($($t:ty),*) => {
        $(impl Part for $t {
            fn fails(&self) -> bool {
                false
            }
        })*
    };
}
never_fails!(TokenStream, Ident, Literal, bool, str, String);

impl<P: Part + ?Sized> Part for &P {
    fn fails(&self) -> bool {
        (**self).fails()
    }
}

/// Whether a name stands in a text.
pub(super) fn mentions(tokens: &TokenStream, name: &str) -> bool {
    tokens.clone().into_iter().any(|t| match t {
        proc_macro2::TokenTree::Ident(i) => i == name,
        proc_macro2::TokenTree::Group(g) => mentions(&g.stream(), name),
        proc_macro2::TokenTree::Punct(_) | proc_macro2::TokenTree::Literal(_) => false,
    })
}

/// What `fails` claims to know, read from the text: each is held against the other in every test.
fn has_way_out(tokens: &TokenStream) -> bool {
    tokens.clone().into_iter().any(|t| match t {
        proc_macro2::TokenTree::Punct(p) => p.as_char() == '?',
        proc_macro2::TokenTree::Group(g) => has_way_out(&g.stream()),
        proc_macro2::TokenTree::Ident(i) => i == "return",
        proc_macro2::TokenTree::Literal(_) => false,
    })
}
