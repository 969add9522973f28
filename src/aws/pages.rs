//! Lists that come in pages.

/// The tokens by which the pages of one list are asked for: none for the first, then the one that each page ends with.
pub(super) struct Pages {
    /// `None` where all are read.
    next: Option<Option<String>>,
}

impl Pages {
    pub fn new() -> Pages {
        Pages { next: Some(None) }
    }

    /// The token of the page to ask for; `None` where all are read. Until that page was `read`, there is no other.
    pub fn next(&mut self) -> Option<Option<String>> {
        self.next.take()
    }

    /// A page was read, which ends with this token.
    pub fn read(&mut self, token: Option<&str>) {
        self.next = token.map(|token| Some(token.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_asked_for_until_one_ends_without_a_token() {
        let mut pages = Pages::new();
        let mut asked = Vec::new();
        while let Some(token) = pages.next() {
            pages.read(if asked.len() < 2 { Some("more") } else { None });
            asked.push(token);
        }
        assert_eq!(asked, [None, Some("more".to_owned()), Some("more".to_owned())]);
    }
}
