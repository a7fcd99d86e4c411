//! Random algorithms in plain PlusCal, which `pcal.trans` can be asked about directly. Equal seeds give equal
//! algorithms.
//!
//! They are finite and closed, and full of what translators get wrong: targets of `||` that overlap, defaults of
//! procedures, one name declared several times, loops in loops, jumps, tail calls, macros, `define`s with lists, labels
//! that are left to the translator. They keep the rules of the translator: a step assigns a variable once.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::generate::Numbers;

/// An algorithm.
#[derive(Clone, Debug)]
pub struct Plain {
    /// Whether it is declared fair as a whole.
    pub fair: bool,
    /// The text from its name on: `Name { … }`.
    pub text: String,
}

impl Plain {
    /// The algorithm for a seed. Those that are `live` never block and never fail.
    #[must_use]
    pub fn new(name: &str, seed: u64, live: bool) -> Self {
        let mut cx = Generator::new(seed, live);
        let fair = cx.numbers.below(6) == 0;
        Self { fair, text: cx.algorithm(name) }
    }

    /// A module with the algorithm as `pcal.trans` reads it.
    #[must_use]
    pub fn as_algorithm(&self, name: &str) -> String {
        let header = if self.fair { "--fair algorithm" } else { "--algorithm" };
        module(name, &format!("{header} {}\n*)\n", self.text))
    }

    /// A module with the algorithm as a block of ours.
    #[must_use]
    pub fn as_block(&self, name: &str) -> String {
        let header = if self.fair { "--mpcal fair" } else { "--mpcal" };
        module(
            name,
            &format!("{header} {}\n\\* BEGIN PLUSCAL TRANSLATION\n\\* END PLUSCAL TRANSLATION\n*)\n", self.text),
        )
    }
}

fn module(name: &str, comment: &str) -> String {
    format!(
        "---- MODULE {name} ----\nEXTENDS Integers, Sequences, FiniteSets, TLC\n(*\n{comment}\\* BEGIN TRANSLATION\n\\* END \
         TRANSLATION\n====\n"
    )
}

/// Variables of the whole algorithm, with what they start with.
const GLOBALS: &str = "x = 0, y \\in {0, 1}, f = [i \\in 1..2 |-> i], m = [i \\in 1..2 |-> [a |-> 0, b |-> i]],\n    \
                       r = [a |-> 0, b |-> <<1, 2>>], q = <<>>, s = {}, g = [i \\in 0..1 |-> [h \\in 0..1 |-> 0]]";

const DEFINITIONS: &str = "  define {
    Bounded ==
      /\\ x < 7
      /\\ y # 9 => \\/ x = y
                  \\/ x # y
    Square(z) == (z * z) % 3
      Sum == IF /\\ x = 1
                /\\ y = 1
             THEN 2
             ELSE (x + y) % 3
  }
";

const MACROS: &str = "  macro bump(place, by) { place := (place + by) % 3; }
  macro swap(one, two) { one := two || two := one; }
  macro either_way(place, a, b) {
    either { place := a; } or { place := b; };
  }
  macro guarded(test, place, value) {
    if (test) { place := value; } else { skip; };
  }
";

/// What statements are inside of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    Process,
    Procedure,
}

struct Generator {
    numbers: Numbers,
    live: bool,
    /// Labels are written down.
    labelled: bool,
    owner: Owner,
    /// Integer variables of the body we are in.
    own: Vec<&'static str>,
    /// Procedures, with how many arguments they take; none of them inside the last.
    callable: usize,
    labels: usize,
    bounds: usize,
    /// Names bound around us.
    bound: Vec<String>,
    /// What the present step has assigned.
    assigned: BTreeSet<String>,
    /// How deep we are in loops.
    loops: usize,
    /// Whether a path of the body may still jump.
    jumps: usize,
}

/// The counters of loops, the outermost first.
const COUNTERS: [&str; 2] = ["k", "j"];

impl Generator {
    fn new(seed: u64, live: bool) -> Self {
        let mut numbers = Numbers::new(seed);
        for _ in 0..8 {
            numbers.below(2);
        }
        Self {
            numbers,
            live,
            labelled: true,
            owner: Owner::Process,
            own: Vec::new(),
            callable: 0,
            labels: 0,
            bounds: 0,
            bound: Vec::new(),
            assigned: BTreeSet::new(),
            loops: 0,
            jumps: 0,
        }
    }

    fn algorithm(&mut self, name: &str) -> String {
        let kind = self.numbers.below(4);
        // The translator adds labels where there are none, and no processes.
        self.labelled = kind > 0 || self.numbers.below(2) == 0;
        let procedures = self.numbers.below(3);
        let mut text = format!("{name} {{\n  variables {GLOBALS};\n");
        text.push_str(DEFINITIONS);
        text.push_str(MACROS);
        for n in 0..procedures {
            self.procedure(n, &mut text);
        }
        self.callable = procedures;
        match kind {
            0 => {
                // One body without processes; what would be local is global.
                text = text.replacen(GLOBALS, &format!("{GLOBALS}, k = 0, j = 0, t = 1"), 1);
                self.body(&mut text);
            }
            1 => self.process("P", "\\in 1..2", &mut text),
            2 => self.process("P", "= 1", &mut text),
            _ => {
                self.process("P", "= 1", &mut text);
                self.process("Q", "\\in {2}", &mut text);
            }
        }
        text.push_str("}\n");
        text
    }

    fn process(&mut self, name: &str, set: &str, text: &mut String) {
        let fair = self.numbers.one_of(&["", "fair ", "fair+ "]);
        let _ = write!(text, "  {fair}process ({name} {set})\n  variables k = 0, j = 0, t = {}", self.numbers.below(3));
        if self.numbers.below(3) == 0 {
            text.push_str(", u \\in {0, t}");
        }
        text.push_str(";\n");
        self.body(text);
    }

    /// The body of a process or of the whole algorithm.
    fn body(&mut self, text: &mut String) {
        self.owner = Owner::Process;
        self.own = vec!["t"];
        self.jumps = 1;
        text.push_str("  {\n");
        let segments = 1 + self.numbers.below(3);
        self.segments(segments, 2, text);
        text.push_str("  }\n");
    }

    fn procedure(&mut self, n: usize, text: &mut String) {
        self.owner = Owner::Procedure;
        self.callable = n;
        self.jumps = 0;
        // Names that others declare, too.
        let parameters = self.numbers.one_of(&["n, a", "n, a = 2", "n = 1, a = 0", "n, t = 1"]);
        let second = if parameters.contains('t') { "t" } else { "a" };
        let variable = self.numbers.one_of(&["", "variable w = 1;", "variable k = 0;", "variable w;"]);
        // One that starts with what a parameter starts with.
        let variable =
            if parameters.contains("a = ") && self.numbers.below(2) == 0 { "variable w = a + 1;" } else { variable };
        // Recursion ends where the argument does not grow.
        let end = self.numbers.below(4);
        self.own = if end == 0 { vec![second] } else { vec!["n", second] };
        let _ = writeln!(text, "  procedure proc{n}({parameters})\n  {variable}\n  {{");
        if variable.starts_with("variable w = ") {
            self.own.push("w");
        }
        if variable == "variable w;" {
            let label = self.label();
            let _ = writeln!(text, "    {label}w := {};", self.numbers.below(3));
            self.own.push("w");
        }
        let segments = 1 + self.numbers.below(2);
        self.segments(segments, 2, text);
        let _ = match end {
            0 => {
                let (a, b) = (self.label(), self.label());
                writeln!(text, "    {a}if (n > 0) {{ call proc{n}(n - 1, {second}); }};\n    {b}return;")
            }
            1 if n > 0 => {
                let label = self.label();
                writeln!(text, "    {label}call proc{}(n, {second}); return;", n - 1)
            }
            _ => {
                let label = self.label();
                writeln!(text, "    {label}return;")
            }
        };
        text.push_str("  }\n");
    }

    /// A new label, and a new step.
    fn label(&mut self) -> String {
        self.assigned.clear();
        self.labels += 1;
        if self.labelled {
            let modifier = self.numbers.one_of(&["", "", "", "", "+", "-"]);
            format!("l{}:{modifier} ", self.labels)
        } else {
            String::new()
        }
    }

    /// Labelled parts, one after the other.
    fn segments(&mut self, count: usize, depth: usize, text: &mut String) {
        for _ in 0..count {
            self.segment(depth, text);
        }
    }

    fn segment(&mut self, depth: usize, text: &mut String) {
        let pad = "  ".repeat(4 - depth);
        if depth > 0 && self.loops < COUNTERS.len() && self.owner == Owner::Process && self.numbers.below(3) == 0 {
            self.while_loop(depth, text);
            return;
        }
        let label = self.label();
        let _ = writeln!(text, "{pad}{label}skip;");
        for _ in 0..1 + self.numbers.below(3) {
            self.statement(2, text, &pad);
        }
        match self.numbers.below(8) {
            0 | 1 if self.callable > 0 && self.may_leave() => {
                let callee = self.numbers.below(self.callable);
                let (a, b) = (self.int(1), self.int(0));
                let _ = writeln!(text, "{pad}call proc{callee}({a}, {b});");
                self.after_jump(text, &pad);
            }
            2 if depth > 0 => {
                let test = self.truth(1);
                let _ = writeln!(text, "{pad}if ({test}) {{");
                self.segments_inside(depth, text);
                if self.numbers.below(2) == 0 {
                    let _ = writeln!(text, "{pad}}} else {{");
                    self.segments_inside(depth, text);
                }
                let _ = writeln!(text, "{pad}}};");
                self.after_jump(text, &pad);
            }
            3 if depth > 0 => {
                let _ = writeln!(text, "{pad}either {{");
                self.segments_inside(depth, text);
                let _ = writeln!(text, "{pad}}} or {{");
                self.statement(1, text, &pad);
                let _ = writeln!(text, "{pad}}};");
                self.after_jump(text, &pad);
            }
            4 if self.jumps > 0 && self.labelled && self.loops == 0 => {
                // Forward, over the next step.
                self.jumps -= 1;
                let over = self.labels + 2;
                let test = self.truth(1);
                let _ = writeln!(text, "{pad}if ({test}) {{ goto l{over}; }};");
                for _ in 0..2 {
                    let label = self.label();
                    let _ = writeln!(text, "{pad}{label}skip;");
                    self.statement(1, text, &pad);
                }
            }
            5 if self.owner == Owner::Procedure && self.may_leave() => {
                let test = self.truth(1);
                let _ = writeln!(text, "{pad}if ({test}) {{ return; }};");
                self.after_jump(text, &pad);
            }
            _ => {}
        }
    }

    /// Statements of the same step, then perhaps steps of their own.
    fn segments_inside(&mut self, depth: usize, text: &mut String) {
        let pad = "  ".repeat(5 - depth);
        let before = self.assigned.clone();
        self.statement(1, text, &pad);
        if self.numbers.below(2) == 0 {
            self.segments(1, depth - 1, text);
        }
        self.assigned = before;
    }

    /// What stands behind a statement that leaves the step.
    fn after_jump(&mut self, text: &mut String, pad: &str) {
        let label = self.label();
        let _ = writeln!(text, "{pad}{label}skip;");
    }

    /// Whether a step may end by a `call` or `return`: the translator wants a label between that and a change of a
    /// variable of the procedure.
    fn may_leave(&self) -> bool {
        self.owner == Owner::Process || self.own.iter().all(|v| !self.assigned.contains(*v))
    }

    fn while_loop(&mut self, depth: usize, text: &mut String) {
        let pad = "  ".repeat(4 - depth);
        let counter = COUNTERS[self.loops];
        if self.loops > 0 {
            let label = self.label();
            let _ = writeln!(text, "{pad}{label}{counter} := 0;");
        }
        let label = self.label();
        let _ = writeln!(text, "{pad}{label}while ({counter} < {}) {{", 1 + self.numbers.below(2));
        let _ = writeln!(text, "{pad}  {counter} := {counter} + 1;");
        self.assigned.insert(counter.to_owned());
        self.loops += 1;
        self.statement(2, text, &format!("{pad}  "));
        if self.numbers.below(2) == 0 {
            self.segments(1, depth - 1, text);
        }
        self.loops -= 1;
        let _ = writeln!(text, "{pad}}};");
        self.assigned.clear();
        if self.numbers.below(2) == 0 {
            self.statement(1, text, &pad);
        }
    }

    /// A statement without a label inside.
    fn statement(&mut self, depth: usize, text: &mut String, pad: &str) {
        match self.numbers.below(if depth == 0 { 6 } else { 11 }) {
            0 | 1 => self.assign(1, text, pad),
            2 => self.assign(2, text, pad),
            3 => self.assign(3, text, pad),
            4 => self.call_macro(text, pad),
            5 => self.look(text, pad),
            6 | 7 => {
                let test = self.truth(1);
                let _ = writeln!(text, "{pad}if ({test}) {{");
                let before = self.assigned.clone();
                self.inside(depth, text, pad);
                let after = std::mem::replace(&mut self.assigned, before);
                if self.numbers.below(3) > 0 {
                    let _ = writeln!(text, "{pad}}} else {{");
                    self.inside(depth, text, pad);
                }
                let _ = writeln!(text, "{pad}}};");
                self.assigned.extend(after);
            }
            8 => {
                let before = self.assigned.clone();
                let mut after = before.clone();
                for n in 0..2 + self.numbers.below(2) {
                    let _ = writeln!(text, "{pad}{} {{", if n == 0 { "either" } else { "} or" });
                    self.assigned.clone_from(&before);
                    self.inside(depth, text, pad);
                    after.append(&mut self.assigned);
                }
                let _ = writeln!(text, "{pad}}};");
                self.assigned = after;
            }
            n => {
                self.bounds += 1;
                let name = format!("b{}", self.bounds);
                let value = self.int(1);
                let _ = if n == 9 {
                    writeln!(text, "{pad}with ({name} = {value}) {{")
                } else {
                    writeln!(text, "{pad}with ({name} \\in {{0, {value}}}) {{")
                };
                self.bound.push(name);
                self.inside(depth, text, pad);
                self.bound.pop();
                let _ = writeln!(text, "{pad}}};");
            }
        }
    }

    fn inside(&mut self, depth: usize, text: &mut String, pad: &str) {
        for _ in 0..1 + self.numbers.below(2) {
            self.statement(depth - 1, text, &format!("{pad}  "));
        }
    }

    fn call_macro(&mut self, text: &mut String, pad: &str) {
        let free = |cx: &Self, v: &str| !cx.assigned.contains(v);
        let by = self.int(0);
        let line = match self.numbers.below(4) {
            0 if free(self, "x") && free(self, "y") => {
                self.assigned.extend(["x".to_owned(), "y".to_owned()]);
                "swap(x, y);".to_owned()
            }
            1 if free(self, "f") => {
                self.assigned.insert("f".to_owned());
                "swap(f[1], f[2]);".to_owned()
            }
            2 if free(self, "m") => {
                self.assigned.insert("m".to_owned());
                format!("either_way(m[1].b, {by}, m[2].a);")
            }
            3 if free(self, "f") => {
                let test = self.truth(0);
                self.assigned.insert("f".to_owned());
                format!("guarded({test}, f[1], ({by}) % 3);")
            }
            _ if free(self, "x") => {
                self.assigned.insert("x".to_owned());
                format!("bump(x, {by});")
            }
            _ => "skip;".to_owned(),
        };
        let _ = writeln!(text, "{pad}{line}");
    }

    /// A statement that changes nothing.
    fn look(&mut self, text: &mut String, pad: &str) {
        let test = self.truth(1);
        let _ = match self.numbers.below(5) {
            0 if !self.live => writeln!(text, "{pad}await ({test}) \\/ y = 0;"),
            1 if !self.live => writeln!(text, "{pad}when ({test}) \\/ x = 0;"),
            2 => writeln!(text, "{pad}assert ({test}) \\/ Cardinality(s) < 9;"),
            3 => writeln!(text, "{pad}print <<x, \"at\", {test}>>;"),
            _ => writeln!(text, "{pad}skip;"),
        };
    }

    /// An assignment to so many targets, some of which may lie in one variable.
    fn assign(&mut self, count: usize, text: &mut String, pad: &str) {
        let free: Vec<&str> = ["x", "y", "f", "m", "r", "q", "s", "g"]
            .into_iter()
            .chain(self.own.iter().copied())
            .filter(|v| !self.assigned.contains(*v))
            .collect();
        if free.is_empty() {
            let _ = writeln!(text, "{pad}skip;");
            return;
        }
        let mut list = Vec::new();
        let mut whole: BTreeSet<&str> = BTreeSet::new();
        let mut last = free[self.numbers.below(free.len())];
        for _ in 0..count {
            // Often the same variable again.
            let variable = if self.numbers.below(2) == 0 { last } else { free[self.numbers.below(free.len())] };
            last = variable;
            if whole.insert(variable) || matches!(variable, "f" | "m" | "r" | "g") {
                let (target, value) = self.target(variable);
                list.push(format!("{target} := {value}"));
            }
        }
        self.assigned.extend(whole.into_iter().map(str::to_owned));
        let _ = writeln!(text, "{pad}{};", list.join(" || "));
    }

    /// A place in a variable, and a value for it.
    fn target(&mut self, variable: &str) -> (String, String) {
        let value = self.int(1);
        let index = format!("(({}) % 2)", self.int(0));
        match variable {
            "f" => match self.numbers.below(4) {
                0 => ("f[1]".to_owned(), "f[2]".to_owned()),
                1 => ("f[2]".to_owned(), "(f[1] + x) % 3".to_owned()),
                2 => (format!("f[{index} + 1]"), value),
                _ => ("f[1]".to_owned(), "(@ + 1) % 3".to_owned()),
            },
            "m" => match self.numbers.below(5) {
                0 => ("m[1].a".to_owned(), value),
                1 => ("m[1].b".to_owned(), "m[1].a".to_owned()),
                2 => (format!("m[{index} + 1].a"), value),
                3 => ("m[2]".to_owned(), "[a |-> m[1].b, b |-> y]".to_owned()),
                _ => ("m[2].b".to_owned(), "(m[2].b + m[1].a) % 3".to_owned()),
            },
            "r" => match self.numbers.below(4) {
                0 => ("r.a".to_owned(), value),
                1 => ("r.b[1]".to_owned(), "r.a".to_owned()),
                2 => ("r.b".to_owned(), "<<r.b[2], r.b[1]>>".to_owned()),
                _ => (format!("r.b[{index} + 1]"), value),
            },
            "g" => match self.numbers.below(3) {
                0 => (format!("g[0][{index}]"), value),
                1 => (format!("g[{index}][1]"), "g[1][0]".to_owned()),
                _ => ("g[1]".to_owned(), "[g[0] EXCEPT ![0] = y]".to_owned()),
            },
            "q" => ("q".to_owned(), format!("IF Len(q) < 1 THEN Append(q, {value}) ELSE Tail(q)")),
            "s" => ("s".to_owned(), format!("IF 1 \\in s THEN {{}} ELSE s \\cup {{({value}) % 2}}")),
            _ => (variable.to_owned(), format!("({value}) % 3")),
        }
    }

    /// An integer between 0 and 2.
    fn int(&mut self, depth: usize) -> String {
        match self.numbers.below(if depth == 0 { 5 } else { 11 }) {
            0 => self.numbers.below(3).to_string(),
            1 if !self.bound.is_empty() => {
                let at = self.numbers.below(self.bound.len());
                self.bound[at].clone()
            }
            1 | 2 => self.numbers.one_of(&["x", "y"]).to_owned(),
            3 => {
                let at = self.numbers.below(self.own.len());
                self.own[at].to_owned()
            }
            4 => self.numbers.one_of(&["f[1]", "f[2]", "m[1].a", "m[2].b", "r.a", "r.b[2]", "g[0][1]"]).to_owned(),
            5 => "Sum".to_owned(),
            6 => format!("Square({})", self.int(depth - 1)),
            7 => format!("(IF {} THEN {} ELSE {})", self.truth(0), self.int(depth - 1), self.int(depth - 1)),
            8 => format!("(LET z{0} == {1} IN (z{0} + z{0}) % 3)", self.next_bound(), self.int(0)),
            9 => "(CASE x = 0 -> 1 [] x = 1 -> 0 [] OTHER -> 2)".to_owned(),
            _ => format!("(({} + {}) % 3)", self.int(depth - 1), self.int(depth - 1)),
        }
    }

    fn next_bound(&mut self) -> usize {
        self.bounds += 1;
        self.bounds
    }

    fn truth(&mut self, depth: usize) -> String {
        match self.numbers.below(8) {
            0 => "1 \\in s".to_owned(),
            1 => "Bounded".to_owned(),
            2 => format!("\\E z{0} \\in {{0, 1}} : z{0} = {1}", self.next_bound(), self.int(0)),
            3 => format!("q # <<>> /\\ Head(q) = {}", self.int(0)),
            4 => format!("~({} = {})", self.int(depth), self.int(0)),
            5 => format!("m[1] = m[2] \\/ {} > 0", self.int(depth)),
            _ => format!("{} {} {}", self.int(depth), self.numbers.one_of(&["<", "=", ">", "#", "<="]), self.int(0)),
        }
    }
}
