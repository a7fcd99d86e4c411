//! States as TLC dumps them, to be compared one by one.

use std::collections::{BTreeMap, BTreeSet};

/// The states of a dump: of each, its variables with their values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct States(pub BTreeSet<BTreeMap<String, String>>);

impl States {
    /// Reads what `tlc2.TLC -dump` wrote.
    #[must_use]
    pub fn parse(dump: &str) -> Self {
        let mut states = BTreeSet::new();
        let mut state = String::new();
        for line in dump.lines().chain(["State 0:"]) {
            if line.starts_with("State ") && line.trim_end().ends_with(':') {
                if !state.trim().is_empty() {
                    states.insert(variables(&state));
                }
                state.clear();
            } else {
                state.push_str(line);
                state.push('\n');
            }
        }
        Self(states)
    }

    /// The names of the variables.
    #[must_use]
    pub fn names(&self) -> BTreeSet<String> {
        self.0.iter().next().map(|s| s.keys().cloned().collect()).unwrap_or_default()
    }

    /// The same states without the variables that are not `kept`.
    #[must_use]
    pub fn only(&self, kept: &BTreeSet<String>) -> Self {
        let cut = |s: &BTreeMap<String, String>| {
            s.iter().filter(|(name, _)| kept.contains(*name)).map(|(n, v)| (n.clone(), v.clone())).collect()
        };
        Self(self.0.iter().map(cut).collect())
    }

    /// What tells two sets of states apart, if anything does: a state of each that the other has not.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Option<String> {
        if self == other {
            return None;
        }
        let only = |a: &Self, b: &Self| a.0.difference(&b.0).next().map(|s| format!("{s:?}"));
        Some(format!(
            "{} states against {}\nonly in the first: {}\nonly in the second: {}",
            self.0.len(),
            other.0.len(),
            only(self, other).unwrap_or_else(|| "none".to_owned()),
            only(other, self).unwrap_or_else(|| "none".to_owned()),
        ))
    }
}

/// `/\ x = value` for each variable; values go over several lines.
fn variables(state: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let text = format!("\n{}", state.trim_end());
    // A state of one variable has no bullet.
    let parts: Vec<&str> =
        if text.contains("\n/\\ ") { text.split("\n/\\ ").skip(1).collect() } else { vec![text.trim_start()] };
    for part in parts {
        if let Some((name, value)) = part.split_once(" = ") {
            found.insert(name.trim().to_owned(), canonical(value));
        }
    }
    found
}

/// A value in one notation: without blanks, sets and functions in the order of the texts of their elements, whatever
/// order TLC's table of strings gave them.
#[must_use]
pub fn canonical(value: &str) -> String {
    let mut reader = Reader { rest: value.trim() };
    let read = reader.value();
    // What is not understood stands for itself.
    match read {
        Some(text) if reader.rest.trim().is_empty() => text,
        _ => value.split_whitespace().collect::<Vec<_>>().join(" "),
    }
}

struct Reader<'t> {
    rest: &'t str,
}

impl<'t> Reader<'t> {
    fn eat(&mut self, token: &str) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn value(&mut self) -> Option<String> {
        if self.eat("<<") {
            return Some(format!("<<{}>>", self.list(">>", Self::value)?.join(",")));
        }
        if self.eat("{") {
            let mut items = self.list("}", Self::value)?;
            items.sort();
            return Some(format!("{{{}}}", items.join(",")));
        }
        if self.eat("[") {
            let mut items = self.list("]", |r| r.pair("|->"))?;
            items.sort();
            return Some(format!("[{}]", items.join(",")));
        }
        if self.eat("(") {
            let mut items = vec![self.pair(":>")?];
            while self.eat("@@") {
                items.push(self.pair(":>")?);
            }
            items.sort();
            return self.eat(")").then(|| format!("({})", items.join("@@")));
        }
        self.atom()
    }

    fn pair(&mut self, arrow: &str) -> Option<String> {
        let key = self.value()?;
        self.eat(arrow).then_some(())?;
        Some(format!("{key}{arrow}{}", self.value()?))
    }

    fn list(&mut self, close: &str, item: impl Fn(&mut Self) -> Option<String>) -> Option<Vec<String>> {
        let mut items = Vec::new();
        if self.eat(close) {
            return Some(items);
        }
        loop {
            items.push(item(self)?);
            if self.eat(close) {
                return Some(items);
            }
            self.eat(",").then_some(())?;
        }
    }

    /// A number, an interval, a string or a name.
    fn atom(&mut self) -> Option<String> {
        self.rest = self.rest.trim_start();
        let end = if let Some(inside) = self.rest.strip_prefix('"') {
            let mut escaped = false;
            let quote = inside.find(|c| {
                let closes = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                closes
            })?;
            quote + 2
        } else {
            self.rest.find(|c: char| !(c.is_alphanumeric() || "_-.!".contains(c))).unwrap_or(self.rest.len())
        };
        let (atom, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!atom.is_empty()).then(|| atom.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_one_notation() {
        for (value, expected) in [
            ("<<1, {\"b\", \"a\"}>>", "<<1,{\"a\",\"b\"}>>"),
            ("[ pc |-> \"two\",\n   a |-> -1 ]", "[a|->-1,pc|->\"two\"]"),
            ("(b :> 1 @@ a :> {})", "(a:>{}@@b:>1)"),
            ("\"a \\\" b\"", "\"a \\\" b\""),
        ] {
            assert_eq!(canonical(value), expected);
        }
    }

    #[test]
    fn a_difference_is_told() {
        let dump =
            |x: u32| format!("State 1:\n/\\ x = {x}\n/\\ y = <<1,\n  2>>\n\nState 2:\n/\\ x = 5\n/\\ y = {{}}\n");
        let (one, two) = (States::parse(&dump(1)), States::parse(&dump(2)));
        assert_eq!(one.0.len(), 2);
        assert_eq!(one.difference(&one), None);
        assert!(one.difference(&two).is_some_and(|d| d.contains("\"x\": \"1\"") && d.contains("\"x\": \"2\"")));
        let kept = BTreeSet::from(["y".to_owned()]);
        assert_eq!(one.only(&kept), two.only(&kept));
    }
}
