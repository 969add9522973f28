//! Whether a program can be run, looked at before it is: what the system says of a script that exists is "no such file".

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::model::program_problem::ProgramProblem;

/// The kernel reads no longer first line than this (Linux, `BINPRM_BUF_SIZE`).
const HEAD: usize = 256;

/// Whether a command's program is a path, and so one that is known before `PATH` is.
pub fn is_path(program: &str) -> bool {
    program.contains('/')
}

/// The program's file: below the root where it is a path, else the first of `PATH`.
///
/// # Errors
/// Why it cannot be run.
pub fn find(root: &Path, program: &str, path: Option<&OsStr>) -> Result<PathBuf, ProgramProblem> {
    let file =
        if is_path(program) { root.join(program) } else { in_path(program, path).ok_or(ProgramProblem::NotInPath)? };
    look(&file, path).map_or(Ok(file), Err)
}

/// The first executable file of this name in `PATH`.
pub fn in_path(name: &str, path: Option<&OsStr>) -> Option<PathBuf> {
    let mut folders = path.map(std::env::split_paths).into_iter().flatten();
    folders.find_map(|folder| Some(folder.join(name)).filter(|file| is_executable(file)))
}

fn is_executable(file: &Path) -> bool {
    file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// Why a file cannot be run, as far as that can be known without running it.
fn look(file: &Path, path: Option<&OsStr>) -> Option<ProgramProblem> {
    let meta = match file.metadata() {
        Ok(meta) => meta,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Some(ProgramProblem::Missing),
        Err(error) => return Some(ProgramProblem::System { said: error.to_string() }),
    };
    if !meta.is_file() {
        return Some(ProgramProblem::NotAFile);
    }
    if !is_executable(file) {
        return Some(ProgramProblem::NotExecutable);
    }
    let mut head = Vec::new();
    // What cannot be read may still be run.
    File::open(file).ok()?.take(HEAD as u64).read_to_end(&mut head).ok()?;
    if head.is_empty() {
        return Some(ProgramProblem::Empty);
    }
    if head.starts_with("\u{feff}#!".as_bytes()) {
        return Some(ProgramProblem::ByteOrderMark);
    }
    let Some(line) = head.strip_prefix(b"#!") else {
        // Only the system knows whether it can run what is not text: ELF, Mach-O, the formats of binfmt_misc.
        let is_text = !head.contains(&0) && head.is_ascii();
        return is_text.then_some(ProgramProblem::NoInterpreterLine);
    };
    let line = line.split(|b| *b == b'\n').next().unwrap_or_default();
    if line.ends_with(b"\r") {
        return Some(ProgramProblem::LineEndsWithCrLf);
    }
    let line = String::from_utf8_lossy(line).into_owned();
    let mut words = line.split_whitespace();
    let Some(interpreter) = words.next() else { return Some(ProgramProblem::InterpreterUnnamed) };
    if !is_executable(Path::new(interpreter)) {
        return Some(ProgramProblem::InterpreterMissing { interpreter: interpreter.to_owned() });
    }
    let named = words.next().filter(|w| interpreter.ends_with("/env") && !w.starts_with('-') && !w.contains('='))?;
    let found = in_path(named, path);
    found.is_none().then(|| ProgramProblem::InterpreterNotInPath { interpreter: named.to_owned() })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::crlf(0o755, "#!/bin/sh\r\nexit 0\r\n", ProgramProblem::LineEndsWithCrLf)]
    #[case::crlf_of_env(0o755, "#!/usr/bin/env sh\r\n", ProgramProblem::LineEndsWithCrLf)]
    #[case::no_interpreter(0o755, "#!/no/such/thing\n", ProgramProblem::InterpreterMissing { interpreter: "/no/such/thing".into() })]
    #[case::not_in_path(0o755, "#!/usr/bin/env no-such-thing\n", ProgramProblem::InterpreterNotInPath { interpreter: "no-such-thing".into() })]
    #[case::nothing_named(0o755, "#!\n", ProgramProblem::InterpreterUnnamed)]
    #[case::no_line(0o755, "exit 0\n", ProgramProblem::NoInterpreterLine)]
    #[case::a_mark(0o755, "\u{feff}#!/bin/sh\n", ProgramProblem::ByteOrderMark)]
    #[case::empty(0o755, "", ProgramProblem::Empty)]
    #[case::no_bit(0o644, "#!/bin/sh\n", ProgramProblem::NotExecutable)]
    fn a_script_that_cannot_be_run_is_refused_with_its_reason(
        #[case] mode: u32,
        #[case] text: &str,
        #[case] why: ProgramProblem,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("smoke");
        std::fs::write(&file, text).unwrap();
        std::fs::set_permissions(&file, PermissionsExt::from_mode(mode)).unwrap();
        let path = std::env::var_os("PATH");
        assert_eq!(find(dir.path(), "./smoke", path.as_deref()), Err(why));
    }

    #[test]
    fn a_program_that_can_be_run_is_found_and_a_missing_one_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = std::env::var_os("PATH");
        let find = |program: &str| find(dir.path(), program, path.as_deref());
        assert!(find("sh").unwrap().is_absolute());
        assert_eq!(find("no-such-program"), Err(ProgramProblem::NotInPath));
        assert_eq!(find("./gone"), Err(ProgramProblem::Missing));
        assert_eq!(find(".//"), Err(ProgramProblem::NotAFile));
        for (name, text) in [("plain", "#!/bin/sh\n"), ("env", "#!/usr/bin/env -S sh -e\n"), ("elf", "\x7fELF\0\0")] {
            let file = dir.path().join(name);
            std::fs::write(&file, text).unwrap();
            std::fs::set_permissions(&file, PermissionsExt::from_mode(0o755)).unwrap();
            assert_eq!(find(&format!("./{name}")), Ok(dir.path().join(format!("./{name}"))));
        }
    }
}
