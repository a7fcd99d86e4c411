//! Text to tokens. White space and comments are what lies between two tokens.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::operators::{OPERATORS, PUNCTUATION};
use crate::source::{Source, Span};

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A name, a keyword, or `$variable`.
    Word,
    /// A number.
    Number,
    /// A string with its quotes.
    String,
    /// An operator or punctuation, in its canonical spelling.
    Symbol(&'static str),
    /// The start of a step of a proof, `<1>2.`, or a reference to one.
    Step,
    /// `----`
    Separator,
    /// `====`
    ModuleEnd,
    /// Something that starts no token.
    Unknown,
}

/// One token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) span: Span,
    /// From 1; a tab goes to the next multiple of eight, as in SANY.
    pub(crate) column: u32,
}

/// Tokens, and the places of strings and line comments (for `comment-marker`).
pub(crate) struct Lexed {
    pub(crate) tokens: Vec<Token>,
    pub(crate) quoted: Vec<Span>,
    /// Comments, in order.
    pub(crate) comments: Vec<Span>,
    /// The block has no end.
    pub unclosed: Option<Diagnostic>,
}

/// Where to stop.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Until {
    End,
    /// After the brace that closes the first one.
    BlockEnd,
    /// At the end of a text that is not a module.
    TextEnd,
}

/// A spelling and the canonical one of the same symbol.
type Spelling = (&'static str, &'static str);

/// All symbols, by their first character, longest first.
fn symbols() -> &'static HashMap<char, Vec<Spelling>> {
    static TABLE: OnceLock<HashMap<char, Vec<Spelling>>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table: HashMap<char, Vec<Spelling>> = HashMap::new();
        // Only `/\` and `\/` themselves start a list, so their other spellings keep apart.
        let canonical = |s, name| if matches!(s, "\\land" | "\\lor") { s } else { name };
        let operators = OPERATORS.iter().flat_map(|o| o.spellings().map(move |s| (s, canonical(s, o.name))));
        let punctuation =
            PUNCTUATION.iter().flat_map(|(name, others)| others.iter().chain([name]).map(|s| (*s, *name)));
        for (spelling, name) in operators.chain(punctuation) {
            if let Some(first) = spelling.chars().next().filter(|c| !is_word(*c) && !SETS.contains(c)) {
                let row = table.entry(first).or_default();
                if row.iter().all(|(s, _)| *s != spelling) {
                    row.push((spelling, name));
                }
            }
        }
        for row in table.values_mut() {
            row.sort_by_key(|(s, _)| std::cmp::Reverse(s.len()));
        }
        table
    })
}

/// Sets of numbers, which are names of one character.
const SETS: [char; 3] = ['ℕ', 'ℤ', 'ℝ'];

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Lexes from byte `start`.
pub(crate) fn lex(source: &Source, start: usize, until: Until, out: &mut Diagnostics) -> Lexed {
    let column = source.text[..start].rfind('\n').map_or(start, |n| start - n - 1) as u32 + 1;
    let mut lexer = Lexer {
        source,
        text: &source.text,
        at: start,
        column,
        out,
        tokens: Vec::new(),
        quoted: Vec::new(),
        comments: Vec::new(),
        unclosed: None,
    };
    lexer.run(until);
    Lexed { tokens: lexer.tokens, quoted: lexer.quoted, comments: lexer.comments, unclosed: lexer.unclosed }
}

struct Lexer<'s, 'd> {
    source: &'s Source,
    text: &'s str,
    at: usize,
    column: u32,
    out: &'d mut Diagnostics,
    tokens: Vec<Token>,
    quoted: Vec<Span>,
    comments: Vec<Span>,
    unclosed: Option<Diagnostic>,
}

impl<'s> Lexer<'s, '_> {
    fn rest(&self) -> &'s str {
        &self.text[self.at..]
    }

    fn advance(&mut self, bytes: usize) {
        for c in self.text[self.at..self.at + bytes].chars() {
            self.column = match c {
                '\n' => 1,
                '\t' => (self.column - 1) / 8 * 8 + 9,
                _ => self.column + 1,
            };
        }
        self.at += bytes;
    }

    fn span(&self, bytes: usize) -> Span {
        self.source.span(self.at..self.at + bytes)
    }

    fn push(&mut self, kind: TokenKind, bytes: usize) {
        self.tokens.push(Token { kind, span: self.span(bytes), column: self.column });
        self.advance(bytes);
    }

    fn run(&mut self, until: Until) {
        if until == Until::BlockEnd {
            // `--mpcal` and `--algorithm` are one word.
            let keyword = self.rest().find(|c: char| c.is_whitespace()).unwrap_or(self.rest().len());
            self.push(TokenKind::Word, keyword);
        } else if let Some(header) = module_header(self.text).filter(|_| until == Until::End) {
            self.advance(header);
        } else if until == Until::End {
            self.advance(self.text.len());
        }
        let in_comment = until == Until::BlockEnd && self.text[..self.at].contains("(*");
        let (mut depth, mut modules) = (0usize, 0usize);
        while let Some(c) = self.rest().chars().next() {
            let rest = self.rest();
            if c.is_whitespace() {
                self.advance(c.len_utf8());
            } else if rest.starts_with("(*") {
                self.comment();
            } else if in_comment && rest.starts_with("*)") {
                self.unclosed = Some(
                    Diagnostic::error("unclosed", self.span(2), "the comment ends inside the MPCal block")
                        .because("a `}` is missing before this"),
                );
                return;
            } else if rest.starts_with("\\*") {
                let length = rest.find('\n').unwrap_or(rest.len());
                self.quoted.push(self.span(length));
                self.comments.push(self.span(length));
                let line = rest[..length].trim_end();
                if until == Until::End && line.starts_with("\\* BEGIN TRANSLATION") {
                    self.skip_translation();
                } else {
                    self.advance(length);
                }
            } else if c == '"' {
                self.string(until);
            } else if is_word(c) {
                self.word_or_number();
            } else if SETS.contains(&c) {
                self.push(TokenKind::Word, c.len_utf8());
            } else if let Some(length) = step(rest).filter(|_| until == Until::End) {
                self.push(TokenKind::Step, length);
            } else if rest.starts_with("$variable") || rest.starts_with("$value") {
                let length = rest[1..].find(|c| !is_word(c)).map_or(rest.len(), |n| n + 1);
                self.push(TokenKind::Word, length);
            } else if until == Until::End && rest.starts_with("----") {
                let length = rest.len() - rest.trim_start_matches('-').len();
                modules += usize::from(rest[length..].trim_start().starts_with("MODULE"));
                self.push(TokenKind::Separator, length);
            } else if until == Until::End && rest.starts_with("====") {
                let length = rest.len() - rest.trim_start_matches('=').len();
                self.push(TokenKind::ModuleEnd, length);
                modules = modules.saturating_sub(1);
                if modules == 0 {
                    return;
                }
            } else if let Some(length) = radix_number(rest).or_else(|| self.fraction()) {
                self.push(TokenKind::Number, length);
            } else if rest.starts_with("!!!") {
                // `A!!!` is the operator `!!` of the instance `A`.
                self.push(TokenKind::Symbol("!"), 1);
            } else {
                self.symbol(c);
                match self.tokens.last().map(|t| t.kind) {
                    Some(TokenKind::Symbol("{")) => depth += 1,
                    Some(TokenKind::Symbol("}")) if until == Until::BlockEnd => {
                        depth = depth.saturating_sub(1);
                        if depth == 0 {
                            return;
                        }
                    }
                    _ => {}
                }
            }
        }
        if until == Until::BlockEnd {
            let end = self.source.end();
            self.unclosed = Some(
                Diagnostic::error("unclosed", end, "the file ends inside the MPCal block")
                    .because("a `}` is missing before this"),
            );
        }
    }

    fn comment(&mut self) {
        if let Some(length) = comment(self.rest()) {
            self.comments.push(self.span(length));
            self.advance(length);
            return;
        }
        self.out.push(Diagnostic::error("unclosed", self.span(2), "this comment is never closed"));
        self.advance(self.rest().len());
    }

    /// The region of `pcal.trans` is its own business.
    fn skip_translation(&mut self) {
        let rest = self.rest();
        let line_from = |at: usize| rest[at..].find('\n').map_or(rest.len(), |n| at + n);
        // Where the end is missing, nothing has been translated yet: the line is a comment.
        self.advance(line_from(rest.find("\\* END TRANSLATION").unwrap_or(0)));
    }

    fn string(&mut self, until: Until) {
        let mut escaped = false;
        let mut length = None;
        let mut escapes = Vec::new();
        for (i, c) in self.rest().char_indices().skip(1) {
            match c {
                '\n' => break,
                // `"\*"` is a string of the language, though SANY refuses it: not in what we print for it.
                '*' if escaped && until != Until::BlockEnd => escaped = false,
                _ if escaped && !matches!(c, '"' | '\\' | 'n' | 't' | 'r' | 'f') => {
                    escapes.push(self.source.span(self.at + i - 1..self.at + i + c.len_utf8()));
                    escaped = false;
                }
                '"' if !escaped => {
                    length = Some(i + 1);
                    break;
                }
                _ => escaped = c == '\\' && !escaped,
            }
        }
        let Some(length) = length else {
            self.out.push(Diagnostic::error("unclosed", self.span(1), "this string is never closed"));
            let rest = self.rest();
            self.advance(rest.find('\n').unwrap_or(rest.len()));
            return;
        };
        for span in escapes {
            self.out.push(
                Diagnostic::error("unexpected-character", span, "no such escape in a string")
                    .because(r#"one of `\"`, `\\`, `\n`, `\t`, `\r` and `\f` may stand here"#),
            );
        }
        self.quoted.push(self.span(length));
        self.push(TokenKind::String, length);
    }

    /// A name holds at least one letter, and may start with a digit.
    fn word_or_number(&mut self) {
        let rest = self.rest();
        let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let run = &rest[..length];
        if run.len() > 3 && (run.starts_with("WF_") || run.starts_with("SF_")) {
            // `WF_vars` is two tokens.
            self.push(TokenKind::Word, 3);
        } else if run == "_" || run.contains(|c: char| c.is_ascii_alphabetic()) {
            self.push(TokenKind::Word, length);
        } else if run.contains('_') {
            let message = format!("`{run}` is neither a number nor a name");
            self.out.push(Diagnostic::error("unexpected-character", self.span(length), message));
            self.push(TokenKind::Unknown, length);
        } else {
            // `1.5`, but not `1..5`.
            let decimals = rest[length..]
                .strip_prefix('.')
                .map_or(0, |tail| tail.find(|c: char| !c.is_ascii_digit()).unwrap_or(tail.len()));
            self.push(TokenKind::Number, if decimals > 0 { length + 1 + decimals } else { length });
        }
    }

    /// The length of `.5`, where no operand stands before it.
    fn fraction(&self) -> Option<usize> {
        let digits = self.rest().strip_prefix('.')?;
        let length = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        let behind = self.tokens.last().is_some_and(|t| match t.kind {
            TokenKind::Word | TokenKind::Number | TokenKind::String | TokenKind::Step | TokenKind::Unknown => true,
            TokenKind::Symbol(s) => matches!(s, ")" | "]" | "}" | ">>" | "@"),
            TokenKind::Separator | TokenKind::ModuleEnd => false,
        });
        (length > 0 && !behind).then_some(length + 1)
    }

    fn symbol(&mut self, c: char) {
        let rest = self.rest();
        let found = symbols().get(&c).and_then(|row| {
            row.iter().copied().find(|(s, _)| {
                // `\in` is not the start of `\index`.
                let named = s.starts_with('\\') && s.ends_with(|c: char| c.is_ascii_alphabetic());
                rest.starts_with(s) && !(named && rest[s.len()..].starts_with(|c: char| c.is_ascii_alphanumeric()))
            })
        });
        match found {
            Some((spelling, name)) => self.push(TokenKind::Symbol(name), spelling.len()),
            None => {
                self.out.push(Diagnostic::error(
                    "unexpected-character",
                    self.span(c.len_utf8()),
                    format!("`{}` does not start a token of TLA+", c.escape_default()),
                ));
                self.push(TokenKind::Unknown, c.len_utf8());
            }
        }
    }
}

/// The length of the comment in `(*` and `*)` at the start of a text, if it ends; comments nest.
fn comment(rest: &str) -> Option<usize> {
    let bytes = rest.as_bytes();
    let (mut at, mut depth) = (0, 0usize);
    while at < bytes.len() {
        match bytes[at..].get(..2) {
            Some(b"(*") => (depth, at) = (depth + 1, at + 2),
            Some(b"*)") if depth == 1 => return Some(at + 2),
            Some(b"*)") => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
    }
    None
}

/// A text without the white space and the comments that it starts with.
pub(crate) fn without_blanks(text: &str) -> &str {
    let mut rest = text.trim_start();
    loop {
        let length = match rest.get(..2) {
            Some("(*") => comment(rest),
            Some("\\*") => Some(rest.find('\n').unwrap_or(rest.len())),
            _ => None,
        };
        let Some(length) = length else { return rest };
        rest = rest[length..].trim_start();
    }
}

/// The byte at which the header of the first module starts.
pub(super) fn module_header(text: &str) -> Option<usize> {
    text.match_indices("----")
        .map(|(at, _)| at)
        .find(|at| text[*at..].trim_start_matches('-').trim_start().starts_with("MODULE"))
}

/// The length of `\b101`, `\o17` or `\hFF` at the start of a text.
fn radix_number(rest: &str) -> Option<usize> {
    let radix = match rest.as_bytes().get(..2)? {
        b"\\b" | b"\\B" => 2,
        b"\\o" | b"\\O" => 8,
        b"\\h" | b"\\H" => 16,
        _ => return None,
    };
    let tail = rest[2..].trim_start_matches(|c: char| c.is_digit(radix));
    let length = rest.len() - tail.len();
    (length > 2 && !tail.starts_with(|c: char| c.is_alphanumeric() || c == '_')).then_some(length)
}

/// The length of `<1>`, `<12>3a.`, `<*>`, `<+>..` at the start of a text.
fn step(rest: &str) -> Option<usize> {
    let level = rest.strip_prefix('<')?;
    let digits = level.find(|c: char| !c.is_ascii_digit())?;
    let inner = if digits == 0 && level.starts_with(['*', '+']) { 1 } else { digits };
    let tail = level[inner..].strip_prefix('>').filter(|_| inner > 0)?;
    let name = tail.trim_start_matches(is_word);
    let dots = name.trim_start_matches('.');
    Some(rest.len() - dots.len())
}
