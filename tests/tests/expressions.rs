//! Random expressions: the interpreter gives the values that TLC gives, in the same notation, and an error where TLC
//! gives one. Skipped where `TLA2TOOLS_JAR` or Java is missing. `RANDOM_EXPRESSIONS` says how many, `RANDOM_SEED` where
//! to start.

use std::collections::HashMap;

use mpcal_build::Config;
use mpcal_tests::expressions::{expression, NAMES};
use mpcal_tests::Tools;

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).ok().and_then(|n| n.parse().ok()).unwrap_or(otherwise)
}

/// What the interpreter makes of an expression.
fn interpreted(text: &str) -> Result<String, String> {
    let model = format!(
        "---- MODULE M ----\nEXTENDS Integers, Sequences, FiniteSets, Bags, TLC\n(*\n--mpcal M {{\n  archetype A(ref out) \
         {{ start: skip; }}\n  variables out = {text};\n  process (p = 1) == instance A(ref out);\n}}\n*)\n====\n"
    );
    let explored = Config::new().explore(&model, &HashMap::new(), 10).map_err(|e| e.to_string())?;
    let end = explored.ends.iter().next().ok_or("it does not end")?;
    Ok(end[0].to_string())
}

/// Asks TLC and the interpreter; gives the number of equal values, of errors on both sides and of those that TLC cannot
/// evaluate, and what differs.
fn compare(tools: &Tools, texts: &[String]) -> Option<([usize; 3], Vec<String>)> {
    let (mut counts, mut different) = ([0; 3], Vec::new());
    for (text, theirs) in texts.iter().zip(tools.evaluate(NAMES, texts)?) {
        match (theirs, interpreted(text)) {
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
    let Some(([equal, errors, skipped], different)) = compare(&tools, &texts) else {
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
CHOOSE f \in {(1 :> 5 @@ 3 :> 0), (1 :> 4 @@ 4 :> 0)} : TRUE ;; CHOOSE x \in UNION {{3}, {2}} : TRUE ;; CHOOSE x \in {-y : y \in 1..3} : TRUE
"#;

#[test]
fn edges_are_those_of_tlc() {
    let Some(tools) = Tools::find("edges_are_those_of_tlc") else { return };
    let texts: Vec<String> = EDGES.trim().lines().flat_map(|l| l.split(" ;; ")).map(str::to_owned).collect();
    let Some(([equal, errors, _], different)) = compare(&tools, &texts) else { return };
    println!("edges_are_those_of_tlc: {equal} values and {errors} errors as in TLC");
    assert!(different.is_empty(), "{} differ\n{}", different.len(), different.join("\n"));
}
