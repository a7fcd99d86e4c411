//! Random small models: finite, closed, and full of what is hard to translate. Equal seeds give equal
//! models.

use std::fmt::Write;

/// Numbers that look random (xorshift64*).
#[derive(Clone, Debug)]
pub struct Numbers(u64);

impl Numbers {
    /// Starts anew.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % limit
    }

    /// Some item of a list.
    pub fn one_of<'t>(&mut self, list: &[&'t str]) -> &'t str {
        list[self.below(list.len())]
    }
}

/// A model whose name is `name`. Half of them have a label with many statements; those with seeds above
/// [`LIVE`] never block.
#[must_use]
pub fn model(name: &str, seed: u64) -> String {
    let live = seed > LIVE;
    let mut cx = Generator { live, numbers: Numbers::new(seed), names: 0, bound: Vec::new(), in_procedure: false };
    let long = seed % 2 == 1;
    let mut text = format!("---- MODULE {name} ----\nEXTENDS Integers, Sequences, TLC\n(*\n--mpcal {name} {{\n");
    text.push_str(MACROS);
    text.push_str(&cx.procedure());
    let _ = write!(text, "  archetype A(ref x, ref box[_], ref link)\n  variables k = 0, m = 1{TYPED};\n  {{\n");
    let labels = if long { 2 } else { 3 };
    for n in 0..labels {
        let _ = writeln!(text, "    l{n}:");
        let count = if long && n == 0 { 9 } else { 1 + cx.numbers.below(3) };
        for _ in 0..count {
            cx.statement(if long { 1 } else { 2 }, 3, &mut text);
        }
        if n == 0 {
            // Once through the loop, or the states never end.
            text.push_str("      k := k + 1;\n");
        } else if cx.numbers.below(3) == 0 {
            text.push_str("      if (k < 2) { goto l0; };\n");
        } else if cx.numbers.below(3) == 0 {
            let _ = writeln!(text, "      call p({}, ref x);", cx.int(1));
            let _ = writeln!(text, "    after{n}:\n      m := (m + 1) % 3;");
        }
    }
    text.push_str("  }\n  variables x = 1, y = 0, box = [i \\in 1..2 |-> i], queue = <<1>>;\n");
    let via = cx.numbers.one_of(&["Plain", "Lossy", "Saturating"]);
    let link = if live { "Dropping" } else { cx.numbers.one_of(&["Bounded", "Dropping"]) };
    let _ = writeln!(
        text,
        "  process (p1 \\in {{1}}) == instance A(ref x, ref box[_], ref queue)\n    mapping box[_] via {via}\n    \
         mapping queue via {link};\n  process (p2 \\in {{2}}) == instance A(ref y, ref box[_], ref queue)\n    \
         mapping queue via {link};\n}}"
    );
    text.push_str("\\* BEGIN PLUSCAL TRANSLATION\n\\* END PLUSCAL TRANSLATION\n*)\n");
    text.push_str("\\* BEGIN TRANSLATION\n\\* END TRANSLATION\n====\n");
    text
}

/// Models with larger seeds never block.
pub const LIVE: u64 = 1_000_000;

/// Variables of other types than integers.
const TYPED: &str =
    ", mood = \"calm\", note = [kind |-> \"num\", n |-> 0], seen = {}, f = [i \\in 0..1 |-> 0], q = <<>>,
    mix = CASE self = 1 -> 0 [] self = 2 -> [n |-> 1] [] self = 3 -> <<0, 1>> [] self = 4 -> {0} [] OTHER -> \"calm\",
    sort = IF self = 1 THEN \"int\" ELSE \"rec\"";

const MACROS: &str = "  macro bump(place, by) { place := (place + by) % 4; }
  mapping macro Plain { read { yield $variable; } write { yield $value; } }
  mapping macro Lossy {
    read { either { yield $variable; } or { yield 0; }; }
    write { either { yield $value; } or { skip; }; }
  }
  mapping macro Saturating {
    read { if ($variable > 1) { yield 1; } else { yield $variable; }; }
    write { if ($value > 2) { $variable := 2; } else { yield $value; }; }
  }
  mapping macro Bounded {
    read {
      await Len($variable) > 0;
      with (h = Head($variable)) { $variable := Tail($variable); yield h; };
    }
    write { await Len($variable) < 2; yield Append($variable, $value); }
  }
  mapping macro Dropping {
    read {
      if ($variable = <<>>) { yield 2; } else { yield Head($variable); };
    }
    write { if (Len($variable) < 2) { yield Append($variable, $value); } else { yield Tail($variable); }; }
  }
";

struct Generator {
    /// Nothing blocks.
    live: bool,
    numbers: Numbers,
    names: usize,
    /// Names bound around us, all integers.
    bound: Vec<String>,
    in_procedure: bool,
}

impl Generator {
    fn procedure(&mut self) -> String {
        self.in_procedure = true;
        let mut text = "  procedure p(n, ref out)\n  variables t = 2;\n  {\n    enter:\n".to_owned();
        for _ in 0..2 {
            self.statement(1, 3, &mut text);
        }
        text.push_str("    leave:\n");
        self.statement(1, 3, &mut text);
        text.push_str("      return;\n  }\n");
        self.in_procedure = false;
        text
    }

    fn targets(&self) -> &'static [&'static str] {
        if self.in_procedure {
            &["n", "t", "out"]
        } else {
            &["x", "k", "m", "box[1]", "box[2]", "box[self]", "m"]
        }
    }

    /// An integer expression.
    fn int(&mut self, depth: usize) -> String {
        let leaves: &[&str] = if self.in_procedure { &["n", "t", "out", "self"] } else { &["x", "k", "m", "self"] };
        match self.numbers.below(if depth == 0 { 3 } else { 9 }) {
            0 => self.numbers.below(3).to_string(),
            1 if !self.bound.is_empty() => {
                let at = self.numbers.below(self.bound.len());
                self.bound[at].clone()
            }
            1 | 2 => self.numbers.one_of(leaves).to_owned(),
            3 | 4 => format!("(({} + {}) % 3)", self.int(depth - 1), self.int(depth - 1)),
            5 => format!("(IF {} THEN {} ELSE {})", self.truth(depth - 1), self.int(depth - 1), self.int(depth - 1)),
            6 if !self.in_procedure => format!("box[{}]", self.numbers.one_of(&["1", "2", "self"])),
            7 if !self.in_procedure && self.numbers.below(2) == 0 => "link".to_owned(),
            _ => format!("(({} * {}) % 3)", self.int(depth - 1), self.int(depth - 1)),
        }
    }

    fn truth(&mut self, depth: usize) -> String {
        let op = self.numbers.one_of(&["=", "<", ">", "#", "<="]);
        let one = format!("({}) {op} ({})", self.int(depth), self.int(0));
        match self.numbers.below(8) {
            0 => format!("~({one})"),
            2 if !self.in_procedure => self
                .numbers
                .one_of(&[
                    "mood = \"wild\"",
                    "mood \\in {\"calm\"}",
                    "note.kind = \"num\"",
                    "(note.kind = \"num\" /\\ note.n > 0)",
                    "(note.kind = \"set\" /\\ m \\in note.s)",
                    "1 \\in seen",
                    "f[1] = 0",
                    "(q # <<>> /\\ Head(q) = mood)",
                    "(sort = \"int\" /\\ mix > 0)",
                    "(sort = \"rec\" /\\ mix.n > m)",
                    "(sort = \"seq\" /\\ mix[2] > 0 /\\ Len(mix) = 2)",
                    "(sort = \"set\" /\\ 1 \\in mix)",
                    "(sort = \"text\" /\\ mix = mood)",
                ])
                .to_owned(),
            1 => format!("({one} /\\ {})", self.numbers.one_of(&["k < 2", "TRUE", "self = 1"]).replace('k', "self")),
            _ => one,
        }
    }

    /// An assignment to a variable of another type than an integer.
    fn typed(&mut self, value: &str) -> String {
        let truth = self.truth(0);
        match self.numbers.below(14) {
            0 => "mood := \"wild\";".to_owned(),
            1 => format!("mood := IF {truth} THEN \"calm\" ELSE \"wild\";"),
            2 => format!("note := [kind |-> \"num\", n |-> {value}];"),
            3 => "note := [kind |-> \"set\", s |-> seen];".to_owned(),
            4 => format!("seen := IF {truth} THEN seen \\cup {{({value}) % 2}} ELSE {{}};"),
            5 => format!("f[({value}) % 2] := m % 2;"),
            6 => format!("f := [f EXCEPT ![1] = (@ + {value}) % 2];"),
            7 => format!("mix := {value}; sort := \"int\";"),
            8 => format!("mix := [n |-> {value}]; sort := \"rec\";"),
            9 => format!("mix := <<m, {value}>>; sort := \"seq\";"),
            10 => "mix := mood; sort := \"text\";".to_owned(),
            11 => format!("mix := IF {truth} THEN seen ELSE {{{value}}}; sort := \"set\";"),
            12 => format!(
                "if (sort = \"rec\") {{ mix.n := (mix.n + {value}) % 3; }} else if (sort = \"seq\") {{ mix[2] := {value}; }};"
            ),
            _ => "q := IF Len(q) < 1 THEN Append(q, mood) ELSE Tail(q);".to_owned(),
        }
    }

    fn fresh(&mut self) -> String {
        self.names += 1;
        format!("b{}", self.names)
    }

    fn block(&mut self, depth: usize, indent: usize, out: &mut String) {
        for _ in 0..1 + self.numbers.below(2) {
            self.statement(depth, indent, out);
        }
    }

    /// A statement without a label inside; `depth` limits how it nests.
    fn statement(&mut self, depth: usize, indent: usize, out: &mut String) {
        let pad = "  ".repeat(indent);
        match self.numbers.below(if depth == 0 { 5 } else { 10 }) {
            0..=2 => {
                let target = {
                    let all = self.targets();
                    self.numbers.one_of(all)
                };
                let value = self.int(2);
                let _ = writeln!(out, "{pad}{target} := {value};");
            }
            3 if !self.in_procedure => {
                let (by, value) = (self.int(0), self.int(1));
                let text = match self.numbers.below(8) {
                    0 => format!("bump(m, {by});"),
                    1 => format!("m := {value} || k := (k + 0) % 5;"),
                    2 | 3 => format!("link := {value};"),
                    _ => self.typed(&value),
                };
                let _ = writeln!(out, "{pad}{text}");
            }
            3 | 4 if self.live => {
                let own = if self.in_procedure { "t" } else { "m" };
                let _ = writeln!(out, "{pad}{own} := ({own} + 1) % 3;");
            }
            3 | 4 => {
                // Mostly true, or nothing happens at all.
                let test = self.truth(1);
                let _ = writeln!(out, "{pad}await {test} \\/ self = 1;");
            }
            5 | 6 => {
                let c = self.truth(1);
                let _ = writeln!(out, "{pad}if ({c}) {{");
                self.block(depth - 1, indent + 1, out);
                if self.numbers.below(3) > 0 {
                    let _ = writeln!(out, "{pad}}} else {{");
                    self.block(depth - 1, indent + 1, out);
                }
                let _ = writeln!(out, "{pad}}};");
            }
            7 => {
                let _ = writeln!(out, "{pad}either {{");
                self.block(depth - 1, indent + 1, out);
                let _ = writeln!(out, "{pad}}} or {{");
                self.block(depth - 1, indent + 1, out);
                let _ = writeln!(out, "{pad}}};");
            }
            8 => {
                let (name, value) = (self.fresh(), self.int(1));
                let _ = writeln!(out, "{pad}with ({name} = {value}) {{");
                self.bound.push(name);
                self.block(depth - 1, indent + 1, out);
                self.bound.pop();
                let _ = writeln!(out, "{pad}}};");
            }
            _ => {
                let (name, value) = (self.fresh(), self.int(0));
                let _ = writeln!(out, "{pad}with ({name} \\in {{0, {value}}}) {{");
                self.bound.push(name);
                self.block(depth - 1, indent + 1, out);
                self.bound.pop();
                let _ = writeln!(out, "{pad}}};");
            }
        }
    }
}
