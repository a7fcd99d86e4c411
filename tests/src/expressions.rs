//! Random expressions over all operators that have values, each of a type: most have a value, some an error. Equal
//! seeds give equal expressions.

use crate::generate::Numbers;

/// A type.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Type {
    Bool,
    Int,
    Str,
    Set(Box<Type>),
    Seq(Box<Type>),
    Pair(Box<Type>, Box<Type>),
    Function(Box<Type>, Box<Type>),
    Bag(Box<Type>),
    /// `[fa : Int, fb : T]`
    Record(Box<Type>),
}

use Type::{Bag, Bool, Function, Int, Pair, Record, Seq, Set, Str};

/// What a module of expressions starts with: TLC has strings and fields in the order in which it meets them.
pub const NAMES: &str = "Fields == [fa |-> 0, fb |-> 0]\nStrings == {\"xa\", \"xab\", \"xb\"}\n";

/// A random expression.
#[must_use]
pub fn expression(seed: u64) -> String {
    let mut g = Generator { numbers: Numbers::new(seed), scope: Vec::new(), names: 0 };
    let depth = 1 + g.below(4);
    let t = g.ty(2);
    g.of(&t, depth)
}

struct Generator {
    numbers: Numbers,
    scope: Vec<(String, Type)>,
    names: usize,
}

impl Generator {
    fn below(&mut self, n: usize) -> usize {
        self.numbers.below(n)
    }

    /// A type of values that are compared, nested so deep at most.
    fn ty(&mut self, depth: usize) -> Type {
        if depth == 0 {
            return [Bool, Int, Int, Int, Str][self.below(5)].clone();
        }
        let n = self.below(10);
        let mut inner = || Box::new(self.ty(depth - 1));
        match n {
            0 => Bool,
            1 => Int,
            2 | 3 => Set(inner()),
            4 => Seq(inner()),
            5 => Pair(inner(), inner()),
            6 => Function(inner(), inner()),
            7 => Bag(inner()),
            8 => Record(inner()),
            _ => Str,
        }
    }

    fn fresh(&mut self) -> String {
        self.names += 1;
        format!("n{}", self.names)
    }

    /// Text that may mention a name of a type.
    fn with(&mut self, name: &str, t: &Type, text: impl FnOnce(&mut Self) -> String) -> String {
        self.scope.push((name.to_owned(), t.clone()));
        let text = text(self);
        self.scope.pop();
        text
    }

    /// The new value in an `EXCEPT`, where `@` stands for one of a type and for no other.
    fn updated(&mut self, at: &Type, t: &Type, depth: usize) -> String {
        let outer = self.scope.clone();
        self.scope.retain(|(name, _)| name != "@");
        let text = self.with("@", at, |g| g.of(t, depth));
        self.scope = outer;
        text
    }

    fn of(&mut self, t: &Type, depth: usize) -> String {
        let known: Vec<String> = self.scope.iter().filter(|(_, s)| s == t).map(|(n, _)| n.clone()).collect();
        if !known.is_empty() && self.below(if depth == 0 { 2 } else { 4 }) == 0 {
            return known[self.below(known.len())].clone();
        }
        if depth == 0 {
            return self.literal(t);
        }
        if self.below(4) == 0 {
            return self.any(t, depth - 1);
        }
        let d = depth - 1;
        match t {
            Bool => self.bool(d),
            Int => self.int(d),
            Str => self.any(t, d),
            Set(e) => self.set(e, d),
            Seq(e) => self.seq(e, d),
            Pair(a, b) => format!("<<{}, {}>>", self.of(a, d), self.of(b, d)),
            Function(k, v) => self.function(k, v, d),
            Bag(e) => self.bag(e, d),
            Record(e) => match self.below(3) {
                0 => format!("[fb |-> {}, fa |-> {}]", self.of(e, d), self.of(&Int, d)),
                1 => format!("[{} EXCEPT !.fa = @ + {}]", self.of(t, d), self.updated(&Int, &Int, d)),
                _ => format!("[{} EXCEPT !.fb = {}, !.fa = 2]", self.of(t, d), self.updated(e, e, d)),
            },
        }
    }

    fn literal(&mut self, t: &Type) -> String {
        match t {
            Bool => ["TRUE", "FALSE"][self.below(2)].to_owned(),
            Int => ["0", "1", "2", "3", "(-1)", "5"][self.below(6)].to_owned(),
            Str => ["\"xa\"", "\"xab\"", "\"xb\""][self.below(3)].to_owned(),
            Set(e) => format!("{{{}}}", self.list(e)),
            Seq(e) => format!("<<{}>>", self.list(e)),
            Pair(a, b) => format!("<<{}, {}>>", self.literal(a), self.literal(b)),
            Function(k, v) => {
                let one = |g: &mut Self| format!("({} :> {})", g.literal(k), g.literal(v));
                format!("({} @@ {})", one(self), one(self))
            }
            Bag(e) if self.below(2) == 0 => format!("SetToBag({{{}}})", self.list(e)),
            Bag(e) => format!("({} :> {})", self.literal(e), 1 + self.below(3)),
            Record(e) => format!("[fa |-> {}, fb |-> {}]", self.literal(&Int), self.literal(e)),
        }
    }

    fn list(&mut self, e: &Type) -> String {
        let items: Vec<_> = (0..self.below(4)).map(|_| self.literal(e)).collect();
        items.join(", ")
    }

    /// A set that is small whatever it is made of.
    fn small(&mut self, e: &Type, depth: usize) -> String {
        let set = self.literal(&Set(Box::new(e.clone())));
        if depth == 0 || self.below(2) == 0 {
            return set;
        }
        let x = self.fresh();
        let test = self.with(&x, e, |g| g.of(&Bool, depth - 1));
        format!("{{{x} \\in {set} : {test}}}")
    }

    /// Forms that give values of any type.
    fn any(&mut self, t: &Type, d: usize) -> String {
        let other = self.ty(1);
        let x = self.fresh();
        match self.below(9) {
            0 => format!("(IF {} THEN {} ELSE {})", self.of(&Bool, d), self.of(t, d), self.of(t, d)),
            1 => {
                let (a, b) = (self.of(&Bool, d), self.of(&Bool, d));
                let other = if self.below(3) == 0 { String::new() } else { format!(" [] OTHER -> {}", self.of(t, d)) };
                format!("(CASE {a} -> {} [] ~({a}) /\\ {b} -> {}{other})", self.of(t, d), self.of(t, d))
            }
            2 => {
                let value = self.of(&other, d);
                let body = self.with(&x, &other, |g| g.of(t, d));
                format!("(LET {x} == {value} IN {body})")
            }
            3 => {
                let (p, argument) = (self.fresh(), self.of(&other, d));
                let body = self.with(&p, &other, |g| g.of(t, d));
                format!("(LET {x}({p}) == {body} IN {x}({argument}))")
            }
            4 => {
                let set = self.of(&Set(Box::new(t.clone())), d);
                let test = self.with(&x, t, |g| g.of(&Bool, d));
                format!("(CHOOSE {x} \\in {set} : {test})")
            }
            5 => {
                let key = self.ty(0);
                let f = self.of(&Function(Box::new(key.clone()), Box::new(t.clone())), d);
                format!("{f}[{}]", self.of(&key, d))
            }
            6 => format!("Head({})", self.of(&Seq(Box::new(t.clone())), d)),
            7 => format!("{}.fb", self.of(&Record(Box::new(t.clone())), d)),
            _ => format!("{}[2]", self.of(&Pair(Box::new(other), Box::new(t.clone())), d)),
        }
    }

    fn bool(&mut self, d: usize) -> String {
        let t = self.ty(1);
        let (set, x, y) = (Set(Box::new(t.clone())), self.fresh(), self.fresh());
        match self.below(17) {
            0 => format!("({} /\\ {})", self.of(&Bool, d), self.of(&Bool, d)),
            1 => format!("({} \\/ {})", self.of(&Bool, d), self.of(&Bool, d)),
            2 => format!("({} => {})", self.of(&Bool, d), self.of(&Bool, d)),
            3 => format!("({} <=> ~{})", self.of(&Bool, d), self.of(&Bool, d)),
            4 | 5 => format!("({} {} {})", self.of(&t, d), ["=", "#"][self.below(2)], self.of(&t, d)),
            6 => {
                let op = ["<", ">", "<=", ">="][self.below(4)];
                format!("({} {op} {})", self.of(&Int, d), self.of(&Int, d))
            }
            7 => format!("({} {} {})", self.of(&t, d), ["\\in", "\\notin"][self.below(2)], self.of(&set, d)),
            8 => format!("({} \\subseteq {})", self.of(&set, d), self.of(&set, d)),
            9 | 10 => {
                let quantifier = ["\\A", "\\E"][self.below(2)];
                // Not a `SUBSET {}`: TLC 2.15 has no two elements of it.
                let bound = self.small(&t, d);
                let test = self.with(&x, &t, |g| g.with(&y, &t, |g| g.of(&Bool, d)));
                let names = if self.below(2) == 0 {
                    format!("{x}, {y} \\in {bound}")
                } else {
                    format!("{x} \\in {bound}, {y} \\in {bound}")
                };
                format!("({quantifier} {names} : {test})")
            }
            11 => format!(
                "({} \\in [{} -> {}])",
                self.of(&Function(Box::new(Int), Box::new(t.clone())), d),
                self.of(&Set(Box::new(Int)), d),
                self.of(&set, d)
            ),
            12 => format!("({} \\in Seq({}))", self.of(&Seq(Box::new(t)), d), self.of(&set, d)),
            13 => format!("({} \\in SUBSET {})", self.of(&set, d), self.of(&set, d)),
            14 => format!("({} \\sqsubseteq {})", self.of(&Bag(Box::new(t.clone())), d), self.of(&Bag(Box::new(t)), d)),
            15 => format!("({} \\in [fa : Int, fb : {}])", self.of(&Record(Box::new(t)), d), self.of(&set, d)),
            _ => {
                let bag = Bag(Box::new(t.clone()));
                match self.below(4) {
                    0 => format!("BagIn({}, {})", self.of(&t, d), self.of(&bag, d)),
                    1 => format!("IsABag({})", self.of(&bag, d)),
                    2 => format!("IsFiniteSet({})", self.of(&set, d)),
                    _ => format!("({} \\in Nat)", self.of(&Int, d)),
                }
            }
        }
    }

    fn int(&mut self, d: usize) -> String {
        let t = Box::new(self.ty(1));
        match self.below(9) {
            0 | 1 => format!("({} {} {})", self.of(&Int, d), ["+", "-", "*"][self.below(3)], self.of(&Int, d)),
            2 => format!("({} {} {})", self.of(&Int, d), ["\\div", "%"][self.below(2)], self.of(&Int, d)),
            3 => format!("(-({}))", self.of(&Int, d)),
            4 => format!("(({} % 7) ^ {})", self.of(&Int, d), self.below(4)),
            5 => format!("Cardinality({})", self.of(&Set(t), d)),
            6 => format!("Len({})", self.of(&Seq(t), d)),
            7 => format!("CopiesIn({}, {})", self.of(&t, d), self.of(&Bag(t.clone()), d)),
            _ => format!("BagCardinality({})", self.of(&Bag(t), d)),
        }
    }

    fn set(&mut self, e: &Type, d: usize) -> String {
        let set = Set(Box::new(e.clone()));
        let other = self.ty(1);
        let (x, y) = (self.fresh(), self.fresh());
        match self.below(9) {
            0 | 1 => {
                let op = ["\\cup", "\\cap", "\\"][self.below(3)];
                format!("({} {op} {})", self.of(&set, d), self.of(&set, d))
            }
            2 => {
                let from = self.of(&set, d);
                let test = self.with(&x, e, |g| g.of(&Bool, d));
                format!("{{{x} \\in {from} : {test}}}")
            }
            3 => {
                let (from, also) = (self.small(&other, d), self.small(e, d));
                let value = self.with(&x, &other, |g| g.with(&y, e, |g| g.of(e, d)));
                format!("{{{value} : {x} \\in {from}, {y} \\in {also}}}")
            }
            4 if self.below(9) == 0 => format!("TLCEval({})", self.of(&set, d)),
            4 => format!("UNION {{{}, {}}}", self.of(&set, d), self.of(&set, d)),
            5 => format!("DOMAIN {}", self.of(&Function(Box::new(e.clone()), Box::new(other)), d)),
            6 => format!("BagToSet({})", self.of(&Bag(Box::new(e.clone())), d)),
            _ => match e {
                Int if self.below(2) == 0 => format!("(({} % 3)..{})", self.of(&Int, d), self.below(5)),
                Int => format!("DOMAIN {}", self.of(&Seq(Box::new(other)), d)),
                Bool => "BOOLEAN".to_owned(),
                Set(of) => format!("SUBSET {}", self.small(of, d)),
                Pair(a, b) => format!("({} \\X {})", self.small(a, d), self.small(b, d)),
                Function(a, b) if a == b && self.below(2) == 0 => format!("Permutations({})", self.small(a, d)),
                Function(a, b) => format!("[{} -> {}]", self.small(a, d), self.small(b, d)),
                Record(of) => format!("[fa : {}, fb : {}]", self.small(&Int, d), self.small(of, d)),
                Bag(of) => format!("SubBag({})", self.of(&Bag(of.clone()), 0)),
                Str | Seq(_) => format!("{{{}, {}}}", self.of(e, d), self.of(e, d)),
            },
        }
    }

    fn seq(&mut self, e: &Type, d: usize) -> String {
        let seq = Seq(Box::new(e.clone()));
        let (x, y) = (self.fresh(), self.fresh());
        match self.below(8) {
            0 => format!("Append({}, {})", self.of(&seq, d), self.of(e, d)),
            1 => format!("({} \\o {})", self.of(&seq, d), self.of(&seq, d)),
            2 => format!("Tail({})", self.of(&seq, d)),
            3 => format!("SubSeq({}, {}, {})", self.of(&seq, d), self.of(&Int, d), self.of(&Int, d)),
            4 => {
                let from = self.of(&seq, d);
                let test = self.with(&x, e, |g| g.of(&Bool, d));
                format!("SelectSeq({from}, LAMBDA {x} : {test})")
            }
            5 => {
                let from = self.of(&seq, d);
                let less = if *e == Int {
                    format!("{x} < {y}")
                } else {
                    self.with(&x, e, |g| g.with(&y, e, |g| g.of(&Bool, d)))
                };
                format!("SortSeq({from}, LAMBDA {x}, {y} : {less})")
            }
            6 => {
                let value = self.with(&x, &Int, |g| g.of(e, d));
                format!("[{x} \\in 1..{} |-> {value}]", self.below(4))
            }
            _ => format!("[{} EXCEPT ![{}] = {}]", self.of(&seq, d), self.of(&Int, d), self.updated(e, e, d)),
        }
    }

    fn function(&mut self, k: &Type, v: &Type, d: usize) -> String {
        let t = Function(Box::new(k.clone()), Box::new(v.clone()));
        let x = self.fresh();
        match self.below(5) {
            0 | 1 => {
                let domain = self.of(&Set(Box::new(k.clone())), d);
                let value = self.with(&x, k, |g| g.of(v, d));
                format!("[{x} \\in {domain} |-> {value}]")
            }
            2 => format!("({} @@ {})", self.of(&t, d), self.of(&t, d)),
            3 => format!("({} :> {})", self.of(k, d), self.of(v, d)),
            _ => {
                let (f, at) = (self.of(&t, d), self.of(k, d));
                let value = self.updated(v, v, d);
                format!("[{f} EXCEPT ![{at}] = {value}]")
            }
        }
    }

    fn bag(&mut self, e: &Type, d: usize) -> String {
        let bag = Bag(Box::new(e.clone()));
        let x = self.fresh();
        match self.below(5) {
            0 => format!("({} (+) {})", self.of(&bag, d), self.of(&bag, d)),
            1 => format!("({} (-) {})", self.of(&bag, d), self.of(&bag, d)),
            2 => format!("SetToBag({})", self.of(&Set(Box::new(e.clone())), d)),
            3 => format!("BagUnion({{{}, {}}})", self.of(&bag, d), self.of(&bag, d)),
            _ => {
                let from = self.of(&bag, d);
                let value = self.with(&x, e, |g| g.of(e, d));
                format!("BagOfAll(LAMBDA {x} : {value}, {from})")
            }
        }
    }
}
