//! Whether a program can be run, in words that say what to do: what the system says of a script that is there is "no such file".

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The kernel reads no longer first line than this (Linux, `BINPRM_BUF_SIZE`).
const HEAD: usize = 256;

/// Whether a command's program is a path, and so one that is known before `PATH` is.
pub fn is_path(program: &str) -> bool {
    program.contains('/')
}

/// The program's file: below the root where it is a path, else the first of `PATH`.
///
/// # Errors
/// A sentence that says why it cannot be run.
pub fn find(root: &Path, program: &str, path: Option<&OsStr>) -> Result<PathBuf, String> {
    let file = if is_path(program) {
        root.join(program)
    } else {
        in_path(program, path).ok_or_else(|| format!("`{program}` cannot be run: it is not in PATH"))?
    };
    match look(&file, path) {
        None => Ok(file),
        Some(why) => Err(format!("`{program}` cannot be run: {why}")),
    }
}

/// The first executable file of this name in `PATH`.
pub fn in_path(name: &str, path: Option<&OsStr>) -> Option<PathBuf> {
    let mut folders = path.map(std::env::split_paths).into_iter().flatten();
    folders.find_map(|folder| Some(folder.join(name)).filter(|file| is_executable(file)))
}

fn is_executable(file: &Path) -> bool {
    file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// Why a file cannot be run, as far as it can be told without running it.
fn look(file: &Path, path: Option<&OsStr>) -> Option<String> {
    let meta = match file.metadata() {
        Ok(meta) => meta,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Some("there is no such file".to_owned()),
        Err(error) => return Some(error.to_string()),
    };
    if !meta.is_file() {
        return Some("it is not a file".to_owned());
    }
    if !is_executable(file) {
        return Some("it is not executable; `chmod +x` makes it so, and git keeps that".to_owned());
    }
    let mut head = Vec::new();
    // What cannot be read may still be run.
    File::open(file).ok()?.take(HEAD as u64).read_to_end(&mut head).ok()?;
    if head.is_empty() {
        return Some("it is empty".to_owned());
    }
    if head.starts_with("\u{feff}#!".as_bytes()) {
        return Some("a byte order mark stands before its `#!`".to_owned());
    }
    let Some(line) = head.strip_prefix(b"#!") else {
        // Anything else that is no text is the system's to know: ELF, Mach-O, what binfmt_misc brings.
        let is_text = !head.contains(&0) && head.is_ascii();
        return is_text.then(|| "it has no `#!` line that names its interpreter".to_owned());
    };
    let line = line.split(|b| *b == b'\n').next().unwrap_or_default();
    if line.ends_with(b"\r") {
        return Some(
            "its `#!` line ends with CR LF, as on Windows; the interpreter's name has to end with LF".to_owned(),
        );
    }
    let line = String::from_utf8_lossy(line).into_owned();
    let mut words = line.split_whitespace();
    let Some(interpreter) = words.next() else { return Some("its `#!` line names no interpreter".to_owned()) };
    if !is_executable(Path::new(interpreter)) {
        return Some(format!("its interpreter `{interpreter}` is not there"));
    }
    let named = words.next().filter(|w| interpreter.ends_with("/env") && !w.starts_with('-') && !w.contains('='))?;
    let found = in_path(named, path);
    found.is_none().then(|| format!("its interpreter `{named}` is not in PATH"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::crlf(0o755, "#!/bin/sh\r\nexit 0\r\n", "CR LF")]
    #[case::crlf_of_env(0o755, "#!/usr/bin/env sh\r\n", "CR LF")]
    #[case::no_interpreter(0o755, "#!/no/such/thing\n", "`/no/such/thing` is not there")]
    #[case::not_in_path(0o755, "#!/usr/bin/env no-such-thing\n", "`no-such-thing` is not in PATH")]
    #[case::nothing_named(0o755, "#!\n", "names no interpreter")]
    #[case::no_line(0o755, "exit 0\n", "no `#!` line")]
    #[case::a_mark(0o755, "\u{feff}#!/bin/sh\n", "byte order mark")]
    #[case::empty(0o755, "", "empty")]
    #[case::no_bit(0o644, "#!/bin/sh\n", "not executable")]
    fn what_cannot_be_run_is_said_in_those_words(#[case] mode: u32, #[case] text: &str, #[case] why: &str) {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("smoke");
        std::fs::write(&file, text).unwrap();
        std::fs::set_permissions(&file, PermissionsExt::from_mode(mode)).unwrap();
        let path = std::env::var_os("PATH");
        let told = find(dir.path(), "./smoke", path.as_deref()).unwrap_err();
        assert!(told.starts_with("`./smoke` cannot be run: ") && told.contains(why), "{told}");
    }

    #[test]
    fn what_can_be_run_is_found_and_what_is_missing_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = std::env::var_os("PATH");
        let find = |program: &str| find(dir.path(), program, path.as_deref());
        assert!(find("sh").unwrap().is_absolute());
        assert!(find("no-such-program").unwrap_err().contains("not in PATH"));
        assert!(find("./gone").unwrap_err().contains("no such file"));
        assert!(find(".//").unwrap_err().contains("not a file"));
        for (name, text) in [("plain", "#!/bin/sh\n"), ("env", "#!/usr/bin/env -S sh -e\n"), ("elf", "\x7fELF\0\0")] {
            let file = dir.path().join(name);
            std::fs::write(&file, text).unwrap();
            std::fs::set_permissions(&file, PermissionsExt::from_mode(0o755)).unwrap();
            assert_eq!(find(&format!("./{name}")), Ok(dir.path().join(format!("./{name}"))));
        }
    }
}
