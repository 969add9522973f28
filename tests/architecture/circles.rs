//! Circles between the files of a room: files that use each other cannot be understood, tested or moved one at a time.

use std::collections::{BTreeMap, BTreeSet};

use super::{File, files};

/// A module's path: `aws::ecs::tasks`.
type Module = Vec<String>;

fn module(file: &File) -> Module {
    let path = file.path.with_extension("");
    let mut parts: Module = path.iter().map(|part| part.to_str().expect("a name").to_owned()).collect();
    parts.pop_if(|last| last == "mod");
    parts
}

/// All paths that code names, `use a::{b, c::d};` taken apart.
fn paths(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for statement in code.split("use ").skip(1) {
        let tree = statement.split(';').next().unwrap_or_default();
        if ["crate", "super", "self"].iter().any(|root| tree.starts_with(root)) {
            expand(&tree.split_whitespace().collect::<Vec<_>>().join(" "), "", &mut found);
        }
    }
    let mut word = String::new();
    for c in code.chars().chain([' ']) {
        if c.is_alphanumeric() || c == '_' || c == ':' {
            word.push(c);
        } else {
            let path = std::mem::take(&mut word);
            if path.contains("::") {
                found.push(path.trim_matches(':').to_owned());
            }
        }
    }
    found
}

fn expand(tree: &str, before: &str, found: &mut Vec<String>) {
    let tree = tree.trim().split(" as ").next().unwrap_or_default();
    let Some((start, inside)) = tree.split_once('{') else {
        found.push(format!("{before}{tree}"));
        return;
    };
    let inside = inside.rsplit_once('}').map_or(inside, |(inside, _)| inside);
    let (mut depth, mut from) = (0, 0);
    for (at, c) in inside.char_indices().chain([(inside.len(), ',')]) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                expand(&inside[from..at], &format!("{before}{start}"), found);
                from = at + 1;
            }
            _ => {}
        }
    }
}

/// The module of the same room that a path names; `None`: it leaves the room, or names no file.
fn target(path: &str, from: &Module, known: &BTreeMap<Module, &File>) -> Option<Module> {
    let mut words: Vec<&str> = path.split("::").filter(|word| !word.is_empty()).collect();
    let mut full: Module = match *words.first()? {
        "crate" => Vec::new(),
        "super" => from[..from.len() - 1].to_vec(),
        // `self`, or a submodule.
        _ => from.clone(),
    };
    if ["crate", "super", "self"].contains(&words[0]) {
        words.remove(0);
    }
    while words.first() == Some(&"super") {
        full.pop();
        words.remove(0);
    }
    full.extend(words.iter().map(|word| (*word).to_owned()));
    while !full.is_empty() && !known.contains_key(&full) {
        full.pop();
    }
    // A module and its submodules are one subject: an import of the parent module is not an arrow.
    let elsewhere = full.first() == from.first() && !from.starts_with(&full);
    elsewhere.then_some(full)
}

/// Everything that can be reached from a module.
fn reached(from: &Module, arrows: &BTreeMap<Module, BTreeSet<Module>>) -> BTreeSet<Module> {
    let (mut seen, mut next) = (BTreeSet::new(), vec![from.clone()]);
    while let Some(at) = next.pop() {
        next.extend(arrows[&at].iter().filter(|to| seen.insert((*to).clone())).cloned());
    }
    seen
}

fn circles(files: &[File]) -> BTreeSet<Vec<String>> {
    let known: BTreeMap<Module, &File> = files.iter().filter(|f| !f.is_test()).map(|f| (module(f), f)).collect();
    let arrows: BTreeMap<Module, BTreeSet<Module>> = known
        .iter()
        .map(|(at, file)| {
            let to = paths(&file.code.join("\n")).iter().filter_map(|path| target(path, at, &known)).collect();
            (at.clone(), to)
        })
        .collect();
    let reached: BTreeMap<&Module, BTreeSet<Module>> = arrows.keys().map(|m| (m, reached(m, &arrows))).collect();
    let name = |m: &Module| known[m].path.display().to_string();
    let in_circle = reached.iter().filter(|(at, all)| all.contains(**at));
    in_circle
        .map(|(at, all)| {
            let mut members: Vec<String> = all.iter().filter(|m| reached[m].contains(*at)).map(name).collect();
            members.sort();
            members
        })
        .collect()
}

#[test]
fn no_files_of_a_room_use_each_other_in_a_circle() {
    assert_eq!(circles(&files()), BTreeSet::new());
}

#[test]
fn a_circle_is_found_however_its_imports_are_written() {
    let file = |name: &str, code: &str| File {
        path: name.into(),
        code: code.lines().map(str::to_owned).collect(),
        tests: Vec::new(),
    };
    let found = circles(&[
        file("aws/a.rs", "use super::{b::{self, B}, z};\n"),
        file("aws/b.rs", "fn f() { crate::aws::c::f() }"),
        file("aws/c/mod.rs", "mod d;\nfn f() { d::f() }"),
        file("aws/c/d.rs", "use crate::aws::a as other;\nuse super::f;"),
        file("aws/z.rs", "use super::y::Y;"),
        file("aws/y.rs", "use crate::image::x;"),
        file("image/x.rs", "use crate::aws::y;"),
    ]);
    let circle = ["aws/a.rs", "aws/b.rs", "aws/c/d.rs", "aws/c/mod.rs"].map(str::to_owned).to_vec();
    assert_eq!(found, BTreeSet::from([circle]));
}
