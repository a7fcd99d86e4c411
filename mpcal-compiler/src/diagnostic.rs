//! What is wrong with a model, where, and what to do about it.
//!
//! A [`Diagnostic`] is built in one line where the problem is found; [`Diagnostics`] collects those
//! of a phase, so that they are shown together and sorted by place.

use crate::source::Span;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Nothing is emitted.
    Error,
    /// Worth a look.
    Warning,
}

/// A place, and why it matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// The place.
    pub span: Span,
    /// Why here; may be empty.
    pub text: String,
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable code, such as `label-required`; `mpcal-build explain CODE` tells more.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// The place that is at fault.
    pub primary: Annotation,
    /// Other places that matter.
    pub further: Vec<Annotation>,
    /// What the user can type to mend it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error at a place.
    #[must_use]
    pub fn error(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        debug_assert!(crate::explain::find(code).is_some(), "`{code}` has no explanation");
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            primary: Annotation { span, text: String::new() },
            further: Vec::new(),
            help: None,
        }
    }

    /// A warning at a place.
    #[must_use]
    pub fn warning(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, span, message) }
    }

    /// Says why the primary place is at fault.
    #[must_use]
    pub fn because(mut self, text: impl Into<String>) -> Self {
        self.primary.text = text.into();
        self
    }

    /// Points at another place.
    #[must_use]
    pub fn and(mut self, span: Span, text: impl Into<String>) -> Self {
        self.further.push(Annotation { span, text: text.into() });
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// Suggests the nearest of the known names, if one is near.
    #[must_use]
    pub fn suggest<'n>(self, name: &str, known: impl IntoIterator<Item = &'n str>) -> Self {
        let mut known: Vec<&str> = known.into_iter().collect();
        known.sort_unstable();
        self.suggest_first(name, known)
    }

    /// Suggests the nearest of the known names; of several that are as near, the first.
    #[must_use]
    pub fn suggest_first<'n>(self, name: &str, known: impl IntoIterator<Item = &'n str>) -> Self {
        match nearest(name, known) {
            Some(near) => self.help(format!("did you mean `{near}`?")),
            None => self,
        }
    }
}

/// The problems of a phase, in the order found.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
}

impl Diagnostics {
    /// Forgets all but the first ones.
    pub fn truncate(&mut self, count: usize) {
        self.list.truncate(count);
    }

    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        if !self.list.contains(&diagnostic) {
            self.list.push(diagnostic);
        }
    }

    /// All of them, in the order found.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.list.iter()
    }

    /// Whether one of them is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|d| d.severity == Severity::Error)
    }

    /// The errors, in the order found.
    #[must_use]
    pub fn errors(&self) -> Vec<&Diagnostic> {
        self.list.iter().filter(|d| d.severity == Severity::Error).collect()
    }

    /// All of them, sorted by place.
    #[must_use]
    pub fn sorted(mut self) -> Vec<Diagnostic> {
        self.list.sort_by_key(|d| d.primary.span);
        self.list
    }

    /// How many there are.
    #[must_use]
    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }
}

/// The name nearest to `name`, at most a third of its length away (Damerau-Levenshtein, optimal
/// string alignment, upper and lower case alike), and with something in common. Of several that are as
/// near it is the one that is nearest in case, too, then the first.
pub fn nearest<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let limit = (name.chars().count() / 3).max(1);
    let near = |k: &&'n str| {
        let away = distance(&name.to_lowercase(), &k.to_lowercase());
        away <= limit && away < name.chars().count().max(k.chars().count())
    };
    let order = |k: &&'n str| (distance(&name.to_lowercase(), &k.to_lowercase()), distance(name, k));
    known.into_iter().filter(|k| *k != name).filter(near).min_by_key(order)
}

fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let cost = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (rows[i - 1][j] + 1).min(rows[i][j - 1] + 1).min(rows[i - 1][j - 1] + cost);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

/// "1 index", "2 arguments".
#[must_use]
pub fn count_of(count: usize, what: &str) -> String {
    match (count, what) {
        (1, what) => format!("1 {what}"),
        (count, "index") => format!("{count} indices"),
        (count, what) => format!("{count} {what}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_misspelt_name_finds_its_neighbour() {
        assert_eq!(nearest("Apend", ["Append", "Head"]), Some("Append"));
        assert_eq!(nearest("netwrok", ["network", "hasLock"]), Some("network"));
        assert_eq!(nearest("x", ["network", "y"]), None);
        assert_eq!(nearest("x", ["X", "xs"]), Some("X"));
    }

    #[test]
    fn of_several_names_the_nearest_in_case_comes_first_and_then_the_order() {
        assert_eq!(nearest("roundss", ["Rounds", "rounds"]), Some("rounds"));
        assert_eq!(nearest("Roundss", ["rounds", "Rounds"]), Some("Rounds"));
        assert_eq!(nearest("slot3", ["slot1", "slot2"]), Some("slot1"));
        assert_eq!(nearest("slot3", ["slot2", "slot1"]), Some("slot2"));
    }
}
