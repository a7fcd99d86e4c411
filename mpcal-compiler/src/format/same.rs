//! Whether two texts are two layouts of one block.

use crate::ast::{Block, ProcessKind, Stmt, StmtKind};
use crate::source::{Source, Span};

/// Whether two blocks have the same tree and the same comments, white space aside.
pub fn same(one: (&Source, &Block, &[Span]), other: (&Source, &Block, &[Span])) -> bool {
    let comments = |(source, _, comments): (&Source, &Block, &[Span])| -> Vec<String> {
        comments.iter().map(|c| source.slice(*c).split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    };
    comments(one) == comments(other) && without_places(one.1) == without_places(other.1)
}

/// A tree as text, without the places of its nodes.
fn without_places(block: &Block) -> String {
    let mut block = block.clone();
    let bodies = block.macros.iter_mut().map(|m| &mut m.body);
    let bodies = bodies.chain(block.procedures.iter_mut().map(|p| &mut p.body));
    let bodies = bodies.chain(block.archetypes.iter_mut().map(|a| &mut a.body));
    let bodies = bodies.chain(block.mapping_macros.iter_mut().flat_map(|m| [&mut m.read, &mut m.write]));
    let plain = block.processes.iter_mut().filter_map(|p| match &mut p.kind {
        ProcessKind::Plain(_, body) => Some(body),
        ProcessKind::Instance(_) => None,
    });
    bodies.chain(plain).flatten().for_each(brace);
    let text = format!("{block:?}");
    let mut out = String::with_capacity(text.len() / 2);
    for (n, part) in text.split("Span { ").enumerate() {
        // The place itself ends at the next brace; what follows it does not differ.
        out.push_str(if n == 0 { part } else { part.split_once('}').map_or(part, |(_, rest)| rest) });
    }
    out
}

/// Puts braces around every body that has none, as formatting does.
fn brace(s: &mut Stmt) {
    let bodies: Vec<&mut Box<Stmt>> = match &mut s.kind {
        StmtKind::Block(list) => return list.iter_mut().for_each(brace),
        StmtKind::Either(arms) => {
            arms.iter_mut().for_each(brace_body);
            return;
        }
        StmtKind::If(_, then, otherwise) => std::iter::once(then).chain(otherwise).collect(),
        StmtKind::While(_, body) | StmtKind::With(_, body) => vec![body],
        StmtKind::Assign(_) | StmtKind::Await(_) | StmtKind::Print(_) | StmtKind::Assert(_) | StmtKind::Skip => return,
        StmtKind::Return | StmtKind::Goto(_) | StmtKind::Call(..) | StmtKind::Macro(..) | StmtKind::Yield(_) => return,
    };
    bodies.into_iter().for_each(|b| brace_body(b));
}

fn brace_body(body: &mut Stmt) {
    let braced = matches!(body.kind, StmtKind::Block(_)) && body.label.is_none();
    if !braced {
        let inner = Stmt { label: body.label.take(), ..body.clone() };
        body.kind = StmtKind::Block(vec![inner]);
    }
    brace(body);
}
