//! Random expressions: the interpreter gives the values that TLC gives, in the same notation, and an error where TLC
//! gives one. Skipped where `TLA2TOOLS_JAR` or Java is missing. `RANDOM_EXPRESSIONS` says how many, `RANDOM_SEED` where
//! to start.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use mpcal_build::Config;
use mpcal_tests::expressions::{expression, NAMES};
use mpcal_tests::{root, Tools};

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).ok().and_then(|n| n.parse().ok()).unwrap_or(otherwise)
}

/// What the interpreter makes of an expression, which may use the names of some modules.
fn interpreted(modules: &[&str], text: &str) -> Result<String, String> {
    let extended: String = modules.iter().map(|n| format!(", {n}")).collect();
    let model = format!(
        "---- MODULE M ----\nEXTENDS Integers, Sequences, FiniteSets, Bags, TLC{extended}\n(*\n--mpcal M {{\n  archetype \
         A(ref out) {{ start: skip; }}\n  variables out = {text};\n  process (p = 1) == instance A(ref \
         out);\n}}\n*)\n====\n"
    );
    let explored = Config::new().explore(&model, &HashMap::new(), 10).map_err(|e| e.to_string())?;
    let end = explored.ends.iter().next().ok_or("it does not end")?;
    Ok(end[0].to_string())
}

/// Asks TLC and the interpreter; gives the number of equal values, of errors on both sides and of those that TLC cannot
/// evaluate, and what differs.
fn compare(tools: &Tools, modules: Option<(&Path, &[&str])>, texts: &[String]) -> Option<([usize; 3], Vec<String>)> {
    let (mut counts, mut different) = ([0; 3], Vec::new());
    for (text, theirs) in texts.iter().zip(tools.evaluate(NAMES, modules, texts)?) {
        match (theirs, interpreted(modules.map_or(&[], |(_, names)| names), text)) {
            // TLC has 32 bits, and takes a `LAMBDA` whose body is a literal for that literal.
            (Err(why), _) if why.contains("verflow") || why.contains("should be an operator") => counts[2] += 1,
            (Ok(theirs), Ok(ours)) if theirs == ours => counts[0] += 1,
            (Err(_), Err(_)) => counts[1] += 1,
            (theirs, ours) => different.push(format!("{text}\n  TLC: {theirs:?}\n  we:  {ours:?}")),
        }
    }
    Some((counts, different))
}

#[test]
fn random_expressions_have_the_values_that_tlc_gives_them() {
    let test = "random_expressions_have_the_values_that_tlc_gives_them";
    let Some(tools) = Tools::find(test) else { return };
    let (count, first) = (number("RANDOM_EXPRESSIONS", 3000), number("RANDOM_SEED", 1));
    let texts: Vec<String> = (first..first + count).map(expression).collect();
    let Some(([equal, errors, skipped], different)) = compare(&tools, None, &texts) else {
        println!("{test}: skipped, the tools are not those of TLC 2.15");
        return;
    };
    println!("{test}: {equal} values and {errors} errors as in TLC, {skipped} that TLC cannot evaluate");
    assert!(different.is_empty(), "{} differ\n{}", different.len(), different.join("\n"));
    assert!(equal as u64 > count / 2, "only {equal} have a value");
}

/// Values of different kinds, bounds of operators, places that are not there.
const EDGES: &str = r#"
1 = "xa" ;; TRUE = 1 ;; {} = 1 ;; {} = <<>> ;; <<1>> = <<"xa">> ;; <<1, 2>> = <<3, "xa">> ;; <<1, "xa">> = <<1, 2, 3>>
{1} = {"xa"} ;; {1, 2} = {"xa"} ;; {<<1>>} = {<<"xa">>} ;; <<1>> = [fa |-> 1] ;; <<1, 2>> = [fa |-> 1]
[fa |-> 1] = [fa |-> "xa"] ;; [fa |-> 1, fb |-> 2] = [fa |-> 1] ;; [fa |-> 1, fb |-> 2] = [fa |-> 3, fb |-> "xa"]
(2 :> 3) = [fa |-> 1] ;; (2 :> 3) = <<1>> ;; [x \in {1, 2} |-> x] = [x \in {"xa", "xb"} |-> x] ;; <<>> = [fa |-> 1]
1 \in {"xa"} ;; 1 \in {"xa", "xb"} ;; 1 \in {1, "xa"} ;; "xa" \in 1..2 ;; <<1>> \in {[fa |-> 1]} ;; {1} \in {{"xa"}}
"xa" \in BOOLEAN ;; 1 \in BOOLEAN ;; "xa" \in Nat ;; "xa" \in Int ;; 1 \in STRING ;; -1 \in Nat ;; <<1>> \in SUBSET {1}
1 \in [fa : {1}] ;; <<1>> \in [fa : {1}] ;; 1 \in Seq({1}) ;; {1} \in Seq({1}) ;; <<"xa">> \in Seq({1}) ;; (2 :> 1) \in Seq({1})
1 \in {1} \X {1} ;; <<1>> \in {1} \X {1} ;; 1 \in [{1} -> {1}] ;; <<1>> \in [{2} -> {1}] ;; <<1>> \in [{1} -> {"xa"}]
"xa" \in Nat \cup {"xa"} ;; {} \in SUBSET Head(<<>>) ;; <<>> \in Seq(Head(<<>>))
0 ^ 0 ;; 2 ^ (-1) ;; (-1) ^ 2 ;; 7 % (-2) ;; 7 % 0 ;; 7 \div 0 ;; 7 \div (-2) ;; -7 \div 2 ;; (-7) \div 2 ;; (-7) % 2
Head(<<>>) ;; Tail(<<>>) ;; SubSeq(<<1, 2>>, 0, 1) ;; SubSeq(<<1, 2>>, 2, 3) ;; SubSeq(<<1, 2>>, 5, 4) ;; SubSeq(<<1, 2>>, 0, 0)
<<1>>[2] ;; (1 :> 2)[2] ;; [fa |-> 1].fb ;; [<<1>> EXCEPT ![3] = Head(<<>>)] ;; [<<1>> EXCEPT ![3] = @ + 1]
[[fa |-> 1] EXCEPT !.fb = Head(<<>>)] ;; [<<<<1>>>> EXCEPT ![1][3] = 4] ;; [<<<<1>>>> EXCEPT ![2][3] = 4]
[<<1>> EXCEPT ![1][3] = 4] ;; [5 EXCEPT ![1] = 4] ;; [<<1>> EXCEPT !["xa"] = 4] ;; [(2 :> 3) EXCEPT !["xa"] = 4]
[[fa |-> 1] EXCEPT ![1] = 4] ;; [(2 :> 3) EXCEPT ![3] = @] ;; [{1} EXCEPT ![1] = 4] ;; [(2 :> <<1>>) EXCEPT ![3][1] = @]
CHOOSE x \in {} : TRUE ;; CASE FALSE -> 1 ;; Assert(FALSE, "xa") ;; IF 1 THEN 1 ELSE 2 ;; FALSE /\ 1 ;; TRUE /\ 1 ;; TRUE \/ 1
\A x \in {1, 2} : x ;; {x \in 1..2 : x} ;; Cardinality("xa") ;; UNION {1} ;; DOMAIN 1 ;; DOMAIN {1} ;; 1 \cup {1} ;; Len(1)
CHOOSE s \in {{2}, {1, 3}} : TRUE ;; CHOOSE s \in SUBSET {2, 1, 3} : Cardinality(s) > 1 ;; CHOOSE f \in [0..1 -> {2, 1}] : f[0] # f[1]
CHOOSE p \in {2, 1} \X {4, 3} : p[1] # 1 ;; CHOOSE s \in {<<3>>, <<1, 2>>} : TRUE ;; CHOOSE x \in 5..9 \ {5} : TRUE
TLCEval({2, 1}) ;; TLCEval([fa |-> 1]) ;; TLCEval(Head(<<>>))
CHOOSE f \in {(1 :> 5 @@ 3 :> 0), (1 :> 4 @@ 4 :> 0)} : TRUE ;; CHOOSE x \in UNION {{3}, {2}} : TRUE ;; CHOOSE x \in {-y : y \in 1..3} : TRUE
"#;

#[test]
fn edges_are_those_of_tlc() {
    let Some(tools) = Tools::find("edges_are_those_of_tlc") else { return };
    let texts: Vec<String> = EDGES.trim().lines().flat_map(|l| l.split(" ;; ")).map(str::to_owned).collect();
    let Some(([equal, errors, _], different)) = compare(&tools, None, &texts) else { return };
    println!("edges_are_those_of_tlc: {equal} values and {errors} errors as in TLC");
    assert!(different.is_empty(), "{} differ\n{}", different.len(), different.join("\n"));
}

/// Operators of the community's modules.
const COMMUNITY: &str = r#"
Range(<<3, 1, 3>>) ;; Restrict([i \in 1..3 |-> i * i], {1, 3}) ;; RestrictDomain(<<4, 5, 6>>, LAMBDA i : i > 1)
RestrictValues(<<4, 5, 6>>, LAMBDA v : v # 5) ;; IsRestriction((1 :> 4), <<4, 5>>) ;; IsRestriction((1 :> 5), <<4, 5>>)
IsRestriction((3 :> 5), <<4, 5>>) ;; Pointwise(<<1, 2>>, <<10, 20>>, LAMBDA a, b : a + b) ;; Inverse(<<4, 5>>, 1..2, {4, 5})
Inverse(<<4, 4>>, 1..2, {4, 9}) ;; AntiFunction([i \in 2..3 |-> i + 5]) ;; IsInjective(<<1, 2>>) ;; IsInjective(<<1, 1>>)
Cardinality(Injection(1..2, 1..3)) ;; Cardinality(Surjection(1..3, 1..2)) ;; Cardinality(Bijection(1..3, 4..6))
ExistsInjection(1..3, 1..2) ;; ExistsSurjection(1..3, 1..2) ;; ExistsBijection(1..2, 3..4)
FoldFunction(LAMBDA a, b : a - b, 100, [i \in 3..5 |-> i * i]) ;; FoldFunctionOnSet(LAMBDA a, b : a + b, 0, <<5, 6, 7>>, {1, 3})
MapThenFoldSet(LAMBDA a, b : a - b, 0, LAMBDA x : x * x, LAMBDA S : CHOOSE x \in S : \A y \in S : y <= x, {1, 2, 5})
FoldSet(LAMBDA a, b : a - b, 0, {4, 2, 9}) ;; FoldSet(LAMBDA x, S : S \cup {{x}}, {}, {1, 2}) ;; SumSet({}) ;; SumSet({3, 4})
ProductSet({2, 3, 7}) ;; ReduceSet(LAMBDA a, b : a + b, {1, 2}, 10) ;; MapThenSumSet(LAMBDA x : x * x, {1, 2, 3})
FlattenSet({{1}, {2, 3}}) ;; SymDiff({1, 2}, {2, 3}) ;; Quantify(1..9, LAMBDA x : x > 4) ;; kSubset(2, {1, 2, 3}) ;; kSubset(0, {1})
kSubset(3, {1, 2}) ;; kSubset(1, {}) ;; Max({3, 9, 2}) ;; Min({3, 9, 2}) ;; Max({}) ;; Choices({{1, 2}, {3}}) ;; Choices({{}, {1}})
ChooseUnique({1, 2, 3}, LAMBDA x : x > 2) ;; ChooseUnique({1, 2, 3}, LAMBDA x : x > 1)
ToSet(<<1, 1, 2>>) ;; ToBag(<<1, 1, 2>>) ;; Len(SetToSeq({3, 4})) ;; SetToSeqs({1, 2, 3}) ;; SetToSeqs({})
SetToSortSeq({3, 1, 2}, LAMBDA a, b : a > b) ;; SetToAllKPermutations({1, 2}) ;; TupleOf({0, 1}, 2) ;; SeqOf({0, 1}, 2)
BoundedSeq({0}, 2) ;; Contains(<<1, 2>>, 2) ;; Contains(<<>>, 2) ;; IsSorted(<<1, 2, 2>>, LAMBDA a, b : a <= b)
IsSorted(<<1, 3, 2>>, LAMBDA a, b : a <= b) ;; IsPrefix(<<>>, <<1>>) ;; IsPrefix(<<1, 2>>, <<1>>) ;; IsPrefix(<<1>>, <<1, 2>>)
IsStrictPrefix(<<1>>, <<1>>) ;; IsStrictPrefix(<<1>>, <<1, 5>>) ;; IsSuffix(<<2>>, <<1, 2>>) ;; IsSuffix(<<1>>, <<1, 2>>)
IsStrictSuffix(<<2>>, <<2>>) ;; IsStrictSuffix(<<>>, <<2>>) ;; Front(<<1, 2, 3>>) ;; Front(<<>>) ;; Last(<<1, 2>>) ;; Last(<<>>)
Prefixes(<<1, 2>>) ;; Suffixes(<<1, 2>>) ;; Suffixes(<<>>) ;; SubSeqs(<<1, 2, 3>>) ;; CommonPrefixes({<<1, 2>>, <<1, 3>>})
LongestCommonPrefix({<<1, 2, 4>>, <<1, 2, 5>>}) ;; LongestCommonPrefix({<<1>>, <<2>>}) ;; SelectInSeq(<<5, 6, 7>>, LAMBDA x : x > 5)
SelectInSeq(<<5>>, LAMBDA x : x > 5) ;; SelectLastInSeq(<<5, 6, 7>>, LAMBDA x : x < 7) ;; SelectInSubSeq(<<5, 6, 7>>, 2, 3, LAMBDA x : x > 5)
SelectLastInSubSeq(<<5, 6, 7>>, 1, 2, LAMBDA x : x > 4) ;; Cons(1, <<2>>) ;; Snoc(1, <<2>>) ;; Snoc(<<2>>, 1)
Reverse(<<1, 2, 3>>) ;; Reverse(<<>>) ;; Remove(<<1, 2, 1>>, 1) ;; InsertAt(<<1, 2>>, 1, 9) ;; InsertAt(<<1, 2>>, 3, 9)
RemoveAt(<<1, 2, 3>>, 2) ;; ReplaceAt(<<1, 2>>, 2, 7) ;; ReplaceAll(<<1, 2, 1>>, 1, 0) ;; RemoveFirst(<<1, 2, 1>>, 1)
RemoveFirst(<<1, 2>>, 5) ;; RemoveFirstMatch(<<1, 2, 3>>, LAMBDA x : x > 1) ;; FlattenSeq(<<<<1>>, <<2, 3>>>>) ;; FlattenSeq(<<>>)
Zip(<<1, 2, 3>>, <<"xa", "xb">>) ;; SeqMod(3, 3) ;; SeqMod(4, 3) ;; SeqMod(1, 3) ;; FoldLeft(LAMBDA a, b : a - b, 10, <<1, 2>>)
FoldRight(LAMBDA a, b : a - b, <<1, 2>>, 10) ;; FoldSeq(LAMBDA a, b : a - b, 0, <<4, 2, 1>>) ;; FoldLeft(LAMBDA q, x : Append(q, x), <<>>, <<1, 2>>)
FoldLeftDomain(LAMBDA a, i : a * i, 1, <<"xa", "xb">>) ;; FoldRightDomain(LAMBDA i, a : a - i, <<7, 7>>, 0)
BagAdd(<<1, 2>>, 2) ;; BagAdd(<<1, 2>>, 5) ;; BagRemove(<<1, 2>>, 1) ;; BagRemove(<<1, 2>>, 2) ;; BagRemove(<<1>>, 7)
BagRemoveAll(<<1, 2>>, 2) ;; FoldBag(LAMBDA a, b : a + b, 0, (3 :> 2 @@ 4 :> 1)) ;; SumBag((5 :> 3)) ;; ProductBag((2 :> 1 @@ 3 :> 1))
12 & 10 ;; 12 | 10 ;; 12 ^^ 10 ;; 0 & 5 ;; 7 | 0 ;; 3 ^^ 3 ;; Not(0) ;; Not(5) ;; Not(8) ;; shiftR(37, 2) ;; shiftR(5, 0)
"#;

/// What is known of the community's modules without a file means what TLC makes of our text and, if
/// `COMMUNITY_MODULES` names the directory of the modules themselves, of theirs.
#[test]
fn community_modules_mean_what_theirs_mean() {
    let test = "community_modules_mean_what_theirs_mean";
    let Some(tools) = Tools::find(test) else { return };
    let names = ["SequencesExt", "FiniteSetsExt", "Functions", "Folds", "BagsExt", "Bitwise"];
    let texts: Vec<String> = COMMUNITY.trim().lines().flat_map(|l| l.split(" ;; ")).map(str::to_owned).collect();
    let theirs = std::env::var_os("COMMUNITY_MODULES").map(PathBuf::from);
    if theirs.is_none() {
        println!("{test}: compared with our text alone, COMMUNITY_MODULES is not set");
    }
    for directory in [Some(root().join("mpcal-compiler/src/community")), theirs].into_iter().flatten() {
        let Some(([equal, errors, skipped], different)) = compare(&tools, Some((&directory, &names)), &texts) else {
            return;
        };
        println!("{test}: {equal} values and {errors} errors as in TLC, {skipped} that TLC cannot evaluate");
        assert!(different.is_empty(), "{} differ\n{}", different.len(), different.join("\n"));
        assert!(equal > 100, "only {equal} have a value");
    }
}
