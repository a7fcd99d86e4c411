//! A comment can stand between any two tokens: formatting keeps it there, and twice is not more than once.

use std::fs;
use std::path::PathBuf;

use mpcal_tests::{examples, files, fixtures};

/// Symbols of more than one character that the fixtures use; words and strings are told by their characters.
const SYMBOLS: &[&str] = &[
    "|->", "<=>", "(+)", "\\/", "/\\", "<<", ">>", ":=", "==", "=>", "->", "<-", "||", "..", "<=", ">=", "=<", "/=",
    "[]", "@@", ":>", "::", "<:", "**", "++", "--", "&&", "^^", "##", "%%", "!!", "??", "$$", "//", "(-)", "(.)",
    "(/)", "(\\X)", "|-", "-|", "|=", "=|", "..", "<>", "~>", "^+", "^*", "^#", "-+->",
];

/// A comment, put before the token that stands in a column.
type Insert = fn(usize, &str) -> String;

const WAYS: &[(&str, Insert)] = &[
    ("between", |_, c| format!(" (* {c} *) ")),
    ("behind", |column, c| format!(" (* {c} *)\n{}", pad(column))),
    ("behind, to the end of the line", |column, c| format!(" \\* {c}\n{}", pad(column))),
    ("on a line", |column, c| format!("\n{0}(* {c} *)\n{0}", pad(column))),
    ("on a line, to its end", |column, c| format!("\n{0}\\* {c}\n{0}", pad(column))),
    ("on two lines", |column, c| format!("\n{0}(* {c}\n{0}   {c} *)\n{0}", pad(column))),
];

fn pad(column: usize) -> String {
    " ".repeat(column)
}

/// The models of the tests, as they are written.
fn models() -> Vec<(PathBuf, String)> {
    let all = examples().into_iter().chain(["models", "compile"].iter().flat_map(|n| files(&fixtures(n), "tla")));
    let all = all.map(|p| (p.clone(), fs::read_to_string(p).expect("the model is there")));
    let own = [("crowded", CROWDED), ("loose", LOOSE)].map(|(name, text)| (PathBuf::from(name), text.to_owned()));
    all.filter(|(_, text)| text.contains("--mpcal")).chain(own).collect()
}

/// Braces and semicolons left out where they may be, more of them than need be, several lists of variables.
const CROWDED: &str = r"
--mpcal crowded {
define { Twice(n) == 2 * n  Sum ==
  /\ TRUE
  /\ FALSE };
macro m(a,b){ a:=b }; macro none() { skip;; };
procedure p(a,b=1) variable c=1, d; variables e \in {1}; { one: return };
mapping macro M { read { yield $variable }; write { yield $value } }
archetype A(ref x, ref y[_][_], z) variable n=0; variables k, l={1}, { ;;
l1:while(n<2){ n:=n+1; if(n=1) x:=1||n:=n; else if (n=2) skip; else {x:=x+1;}; };
l2:+ await /\ x=1
           /\ n=2; either skip; or with(a=1,b \in {1,2},) k:=a || l:={b}; or { skip };
l3:- if (x=1) if (n=1) skip; else n:=2; when TRUE; {print n}; assert TRUE; m(x,n);
l4: call p(1,2); l5: while(TRUE) l6: { skip } ; \* eat
l7: y[1,2][n]:=[y[1,2][n] EXCEPT !.a=1]; goto Done }
variables x=0, y=[i \in 1..2|->0]; variable z
fair+ process(p\in 1..2)==instance A(ref x,ref y[_][_],1+1) mapping x via M mapping @2[_][_] via M;
process (q=3) variables w=1 { l: skip } }
";

/// Lists and records over several lines, with tabs, to the left and to the right of where they start.
const LOOSE: &str = "
--mpcal loose
{
\tarchetype A(ref x)
\tvariables r =
\t\t  [a |-> 1,
\t\t   b |-> 2
\t\t  ];
\t{
\tl: await\t/\\ x = 1\t\\/ x = 2
\t\t\t/\\ \\/ r.a = 1
\t\t\t   \\/\tr.b = 2;
\t   r := [r EXCEPT !.a = 1,
\t !.b = 3] || x := IF /\\ TRUE
\t                   /\\ FALSE THEN 1
\t ELSE 2;
\t   x := {y \\in {1, 2} : /\\ y = 1
\t                       /\\ y # 2
\t};
\t with (s = [a |-> 1,
\t   b |-> 2]; t = {1,
\t2}) x := s.a;
\t}
\tvariables x = 1;
\tprocess (p \\in {1,
  2}) == instance A(ref x);
}
";

/// Where the tokens of the block start, but the first two and its name.
fn tokens(text: &str) -> Vec<usize> {
    let mut at = text.find("--mpcal").expect("there is a block");
    at += text[at..].find('{').expect("it has a brace");
    let (mut starts, mut depth) = (Vec::new(), 0);
    while at < text.len() {
        let rest = &text[at..];
        let first = rest.chars().next().expect("there is text left");
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let run = |rest: &str| rest.find(|c| !word(c)).unwrap_or(rest.len());
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        if rest.starts_with("\\*") || rest.starts_with("(*") {
            at += comment(rest);
            continue;
        }
        starts.push(at);
        at += match first {
            '"' => string(rest),
            '\\' if rest[1..].starts_with(|c: char| c.is_ascii_alphabetic()) => 1 + run(&rest[1..]),
            '$' => 1 + run(&rest[1..]),
            c if word(c) => run(rest),
            _ => SYMBOLS.iter().find(|s| rest.starts_with(**s)).map_or(first.len_utf8(), |s| s.len()),
        };
        depth += i32::from(first == '{') - i32::from(first == '}');
        if depth == 0 {
            break;
        }
    }
    starts
}

/// How long the string is that a text starts with.
fn string(text: &str) -> usize {
    let mut escaped = false;
    let end = text[1..].find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    end.expect("a string ends") + 2
}

/// How long the comment is that a text starts with.
fn comment(text: &str) -> usize {
    if text.starts_with("\\*") {
        return text.find('\n').unwrap_or(text.len());
    }
    let (mut depth, mut at) = (0, 0);
    loop {
        match text.get(at..at + 2) {
            Some("(*") => (depth, at) = (depth + 1, at + 2),
            Some("*)") => (depth, at) = (depth - 1, at + 2),
            _ => at += text[at..].chars().next().map_or(1, char::len_utf8),
        }
        if depth == 0 {
            return at;
        }
    }
}

/// A text with numbered comments before some of its tokens.
fn commented(text: &str, places: &[usize], insert: Insert) -> String {
    let mut out = String::new();
    let mut from = 0;
    for (n, at) in places.iter().enumerate() {
        let line = text[..*at].rfind('\n').map_or(0, |n| n + 1);
        out.push_str(&text[from..*at]);
        let column = text[line..*at].chars().fold(0, |w, c| if c == '\t' { w / 8 * 8 + 8 } else { w + 1 });
        out.push_str(&insert(column, &format!("c{n}")));
        from = *at;
    }
    out + &text[from..]
}

/// What formatting may not touch: everything but white space and which separator stands between variables.
fn squeezed(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).map(|c| if c == ',' { ';' } else { c }).collect()
}

/// Without what formatting may also add.
fn stripped(text: &str) -> String {
    let words = squeezed(text).replace("variables", "variable").replace("when", "await");
    words.replace("variable", "").chars().filter(|c| !matches!(c, ';' | '{' | '}')).collect()
}

/// Formats a text twice; none if it is not TLA+, as a list may not be when its lines have been moved apart.
fn formatted(text: &str) -> Option<String> {
    let once = match mpcal_build::format("m.tla", text) {
        Ok(once) => once,
        Err(e) if !e.to_string().contains("internal-error") => return None,
        Err(e) => panic!("{e}\n{text}"),
    };
    let twice = mpcal_build::format("m.tla", &once).unwrap_or_else(|e| panic!("{e}\n{once}"));
    assert!(once == twice, "twice is more than once:\n{}\n-- of\n{text}", difference(&once, &twice));
    Some(once)
}

/// The lines that differ.
fn difference(one: &str, other: &str) -> String {
    let start = one.lines().zip(other.lines()).take_while(|(a, b)| a == b).count();
    let few = |text: &str| text.lines().skip(start.saturating_sub(3)).take(9).collect::<Vec<_>>().join("\n");
    format!("{}\n-- against\n{}", few(one), few(other))
}

/// How many of the places took a comment, and how many are in a list that it tears apart.
fn every(text: &str, insert: Insert, kept: fn(&str) -> String) -> (usize, usize) {
    // Every place is tried, several that are far apart at once.
    const STRIDE: usize = 5;
    let all = tokens(text);
    let check = |places: &[usize]| {
        let text = commented(text, places, insert);
        let Some(once) = formatted(&text) else { return false };
        assert!(kept(&once) == kept(&text), "{text}\n-- formatted\n{once}");
        true
    };
    let (mut taken, mut torn) = (0, 0);
    for start in 0..STRIDE.min(all.len()) {
        let places: Vec<usize> = all.iter().copied().skip(start).step_by(STRIDE).collect();
        // Where one of them tears a list apart, it is looked for in each half.
        let mut untried = vec![&places[..]];
        while let Some(places) = untried.pop() {
            match places {
                places if check(places) => taken += places.len(),
                [_] => torn += 1,
                places => untried.extend(<[_; 2]>::from(places.split_at(places.len() / 2))),
            }
        }
    }
    (taken, torn)
}

/// Puts comments of one kind everywhere.
fn everywhere(models: &[(PathBuf, String)], name: &str, insert: Insert) -> (usize, usize) {
    let (mut taken, mut torn) = (0, 0);
    for (path, text) in models {
        let laid_out = formatted(text).unwrap_or_else(|| panic!("{} is a model", path.display()));
        for (text, kept) in [(text, stripped as fn(&str) -> String), (&laid_out, squeezed)] {
            let (fine, not) = every(text, insert, kept);
            assert!(not == 0 || name == "between", "{}: {name}: {not}", path.display());
            (taken, torn) = (taken + fine, torn + not);
        }
    }
    (taken, torn)
}

#[test]
fn a_comment_stays_between_its_tokens() {
    let models = models();
    let found = std::thread::scope(|scope| {
        let models = &models;
        let ways = WAYS.iter().map(|(name, insert)| scope.spawn(move || everywhere(models, name, *insert)));
        let ways: Vec<_> = ways.collect();
        ways.into_iter().map(|way| way.join().expect("comments are kept")).collect::<Vec<_>>()
    });
    let taken: usize = found.iter().map(|(taken, _)| taken).sum();
    let torn: usize = found.iter().map(|(_, torn)| torn).sum();
    println!("{taken} comments kept, {torn} would tear a list apart");
    assert!(taken > 100_000 && torn * 1000 < taken, "{taken} comments kept, {torn} not placed");
}
