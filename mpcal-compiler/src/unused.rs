//! Names that nothing has yet: a number makes a name another one, here and nowhere else.

/// The first of `name`, `name2`, `name3`, … that is free.
pub(crate) fn unused(name: &str, is_free: impl FnMut(&str) -> bool) -> String {
    unused_after(name, &mut 0, is_free)
}

/// The same, where the first `known` of these are known to be taken; it counts those that turn out to be.
pub(crate) fn unused_after(name: &str, known: &mut usize, is_free: impl FnMut(&str) -> bool) -> String {
    first(name, "", known, is_free)
}

/// The first of `name`, `name_2`, `name_3`, … that is free: for names of Rust in snake case.
pub(crate) fn unused_snake(name: &str, is_free: impl FnMut(&str) -> bool) -> String {
    first(name, "_", &mut 0, is_free)
}

fn first(name: &str, separator: &str, known: &mut usize, mut is_free: impl FnMut(&str) -> bool) -> String {
    loop {
        let candidate = if *known == 0 { name.to_owned() } else { format!("{name}{separator}{}", *known + 1) };
        if is_free(&candidate) {
            return candidate;
        }
        *known += 1;
    }
}
