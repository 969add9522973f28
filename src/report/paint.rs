//! Colour, where it is wanted. Meaning never depends on it.

/// Whether to colour, decided once by who reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paint(pub bool);

impl Paint {
    fn code(self, code: &str, text: &str) -> String {
        if self.0 { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    pub fn good(self, text: &str) -> String {
        self.code("32", text)
    }

    pub fn bad(self, text: &str) -> String {
        self.code("31", text)
    }

    pub fn careful(self, text: &str) -> String {
        self.code("33", text)
    }

    pub fn strong(self, text: &str) -> String {
        self.code("1", text)
    }

    pub fn faint(self, text: &str) -> String {
        self.code("2", text)
    }
}
