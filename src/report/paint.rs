//! Colours for people. The meaning never depends on them.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::LazyLock;

/// The start of one of kanmon's colours: an escape with a random word, so that escapes in other texts are never mistaken for it.
static OURS: LazyLock<String> = LazyLock::new(|| {
    let word = || RandomState::new().build_hasher().finish();
    format!("\x1b{:016x}{:016x}[", word(), word())
});

/// The start of a colour, until [`super::text::Text`] replaces it.
pub(super) fn ours() -> &'static str {
    &OURS
}

/// Whether to use colours; decided once, by where the text goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paint(pub bool);

/// The emphasis of a piece of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    Plain,
    Good,
    Bad,
    Careful,
    Strong,
    Faint,
}

impl Ink {
    const ALL: [Ink; 6] = [Ink::Plain, Ink::Good, Ink::Bad, Ink::Careful, Ink::Strong, Ink::Faint];

    /// The parameter of the escape sequence that turns it on.
    fn code(self) -> &'static str {
        match self {
            Ink::Plain => "0",
            Ink::Good => "32",
            Ink::Bad => "31",
            Ink::Careful => "33",
            Ink::Strong => "1",
            Ink::Faint => "2",
        }
    }

    /// The one that a parameter turns on.
    pub(super) fn of(code: &str) -> Ink {
        Ink::ALL.into_iter().find(|ink| ink.code() == code).unwrap_or(Ink::Plain)
    }
}

impl Paint {
    fn paint(self, ink: Ink, text: &str) -> String {
        if self.0 { format!("{0}{1}m{text}{0}0m", ours(), ink.code()) } else { text.to_owned() }
    }

    pub fn good(self, text: &str) -> String {
        self.paint(Ink::Good, text)
    }

    pub fn bad(self, text: &str) -> String {
        self.paint(Ink::Bad, text)
    }

    pub fn careful(self, text: &str) -> String {
        self.paint(Ink::Careful, text)
    }

    pub fn strong(self, text: &str) -> String {
        self.paint(Ink::Strong, text)
    }

    pub fn faint(self, text: &str) -> String {
        self.paint(Ink::Faint, text)
    }
}
