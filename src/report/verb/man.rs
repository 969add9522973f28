//! What `man` prints besides what the arguments say about themselves.

/// What is printed, where it cannot be.
pub const PAGE: &str = "the manual page";

/// The title of the manual.
pub const MANUAL: &str = "kanmon manual";

/// Below a page on a terminal, where it is not readable.
pub fn source(verb: Option<&str>) -> String {
    let command = verb.map_or_else(|| "kanmon man".to_owned(), |verb| format!("kanmon man {verb}"));
    format!("this is the source of the page; `{command} | man -l -` shows it")
}

/// How a page is read or installed.
pub fn how_to_use() -> &'static str {
    "\
How to read it, and how to install it:
  kanmon man release | man -l -
  kanmon man release > ~/.local/share/man/man1/kanmon-release.1"
}
