//! Text to tokens. White space and comments are what lies between two tokens.

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
    /// An operator or punctuation, in its own spelling.
    Symbol(&'static str),
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
}

/// Where to stop.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Until {
    End,
    /// After the brace that closes the first one.
    BlockEnd,
}

/// All symbols, longest first within one first byte.
fn symbols() -> &'static [Vec<&'static str>; 128] {
    static TABLE: std::sync::OnceLock<[Vec<&'static str>; 128]> = std::sync::OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table = [const { Vec::new() }; 128];
        let operators = OPERATORS.iter().flat_map(|o| std::iter::once(o.name).chain(o.aliases.iter().copied()));
        for symbol in operators.chain(PUNCTUATION.iter().copied()) {
            let first = symbol.as_bytes()[0];
            if !first.is_ascii_alphabetic() && !table[first as usize].contains(&symbol) {
                table[first as usize].push(symbol);
            }
        }
        for row in &mut table {
            row.sort_by_key(|s| std::cmp::Reverse(s.len()));
        }
        table
    })
}

/// Lexes from byte `start`.
pub(crate) fn lex(source: &Source, start: usize, until: Until, out: &mut Diagnostics) -> Lexed {
    let column = source.text[..start].rfind('\n').map_or(start, |n| start - n - 1) as u32 + 1;
    let mut lexer = Lexer { text: &source.text, at: start, column, out, tokens: Vec::new(), quoted: Vec::new() };
    lexer.run(until);
    Lexed { tokens: lexer.tokens, quoted: lexer.quoted }
}

struct Lexer<'s, 'd> {
    text: &'s str,
    at: usize,
    column: u32,
    out: &'d mut Diagnostics,
    tokens: Vec<Token>,
    quoted: Vec<Span>,
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
        Span { start: self.at as u32, end: (self.at + bytes) as u32 }
    }

    fn push(&mut self, kind: TokenKind, bytes: usize) {
        self.tokens.push(Token { kind, span: self.span(bytes), column: self.column });
        self.advance(bytes);
    }

    fn run(&mut self, until: Until) {
        if until == Until::BlockEnd {
            // `--mpcal` itself is one word.
            self.push(TokenKind::Word, "--mpcal".len());
        } else if let Some(header) = module_header(self.text) {
            self.advance(header);
        } else {
            self.advance(self.text.len());
        }
        let (mut depth, mut modules) = (0usize, 0usize);
        while let Some(c) = self.rest().chars().next() {
            let rest = self.rest();
            if c.is_whitespace() {
                self.advance(c.len_utf8());
            } else if rest.starts_with("(*") {
                self.comment();
            } else if rest.starts_with("\\*") {
                let length = rest.find('\n').unwrap_or(rest.len());
                self.quoted.push(self.span(length));
                let line = rest[..length].trim_end();
                if until == Until::End && line.starts_with("\\* BEGIN TRANSLATION") {
                    self.skip_translation();
                } else {
                    self.advance(length);
                }
            } else if c == '"' {
                self.string();
            } else if c.is_ascii_digit() {
                self.number();
            } else if c.is_alphabetic() || c == '_' {
                self.word(0);
            } else if rest.starts_with("$variable") || rest.starts_with("$value") {
                self.word(1);
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
            } else if radix_number(rest).is_some() {
                self.number();
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
            let end = Span { start: self.text.len() as u32, end: self.text.len() as u32 };
            self.out.push(
                Diagnostic::error("unclosed", end, "the file ends inside the MPCal block")
                    .because("a `}` is missing before this"),
            );
        }
    }

    fn comment(&mut self) {
        let bytes = self.text.as_bytes();
        let (start, mut at, mut depth) = (self.at, self.at, 0usize);
        while at < bytes.len() {
            match bytes[at..].get(..2) {
                Some(b"(*") => (depth, at) = (depth + 1, at + 2),
                Some(b"*)") => {
                    (depth, at) = (depth - 1, at + 2);
                    if depth == 0 {
                        self.advance(at - start);
                        return;
                    }
                }
                _ => at += 1,
            }
        }
        let span = Span { start: start as u32, end: start as u32 + 2 };
        self.out.push(Diagnostic::error("unclosed", span, "this comment is never closed"));
        self.advance(self.text.len() - start);
    }

    /// The region of `pcal.trans` is its own business.
    fn skip_translation(&mut self) {
        let rest = self.rest();
        let length = rest.find("\\* END TRANSLATION").unwrap_or(rest.len());
        let line = rest[length..].find('\n').map_or(rest.len(), |n| length + n);
        self.advance(line);
    }

    fn string(&mut self) {
        let mut escaped = false;
        let mut length = None;
        for (i, c) in self.rest().char_indices().skip(1) {
            match c {
                '\n' => break,
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
        self.quoted.push(self.span(length));
        self.push(TokenKind::String, length);
    }

    fn number(&mut self) {
        let rest = self.rest();
        let length = radix_number(rest)
            .unwrap_or_else(|| rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len());
        self.push(TokenKind::Number, length);
    }

    fn word(&mut self, skip: usize) {
        let rest = self.rest();
        let tail = rest[skip..].trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
        let length = rest.len() - tail.len();
        self.push(TokenKind::Word, length);
    }

    fn symbol(&mut self, c: char) {
        let rest = self.rest();
        let found = symbols().get(c as usize).and_then(|row| {
            row.iter().copied().find(|s| {
                // `\in` is not the start of `\index`, and `<<` wins over `<<=`-like runs by length.
                let named = s.len() > 1 && s.as_bytes()[1].is_ascii_alphabetic();
                rest.starts_with(s) && !(named && rest[s.len()..].starts_with(|c: char| c.is_alphanumeric()))
            })
        });
        match found {
            Some(symbol) => self.push(TokenKind::Symbol(symbol), symbol.len()),
            None => {
                self.out.push(Diagnostic::error(
                    "unexpected-character",
                    self.span(c.len_utf8()),
                    format!("`{}` starts no token of TLA+", c.escape_default()),
                ));
                self.push(TokenKind::Unknown, c.len_utf8());
            }
        }
    }
}

/// The byte at which the header of the first module starts.
fn module_header(text: &str) -> Option<usize> {
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
