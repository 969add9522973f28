//! What `man` prints besides what the arguments say about themselves.

/// What is printed, where it cannot be.
pub const PAGE: &str = "the manual page";

/// The title of the manual.
pub const MANUAL: &str = "kanmon manual";

/// How a page is read or installed.
pub fn how_to_use() -> &'static str {
    "\
How to read it, and how to install it:
  kanmon man release | man -l -
  kanmon man release > ~/.local/share/man/man1/kanmon-release.1"
}
