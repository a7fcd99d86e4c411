//! Whether two texts are two layouts of one block.

use crate::ast::{Block, ProcessKind, Stmt, StmtKind};
use crate::places::without_places;
use crate::source::{Source, Span};

/// Whether two blocks have the same tree and the same comments, white space aside.
pub fn same(one: (&Source, &Block, &[Span]), other: (&Source, &Block, &[Span])) -> bool {
    let comments = |(source, _, comments): (&Source, &Block, &[Span])| -> Vec<String> {
        comments.iter().map(|c| source.slice(*c).split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    };
    comments(one) == comments(other) && tree(one.1) == tree(other.1)
}

/// A block as text, wherever it stands and however its bodies are set in braces.
fn tree(block: &Block) -> String {
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
    without_places(&block)
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
