//! `.dockerignore`, read as Docker reads it (moby/patternmatcher).

use regex::Regex;

/// The patterns of a file, in their order.
#[derive(Debug, Default)]
pub struct Ignore {
    patterns: Vec<Pattern>,
}

#[derive(Debug)]
struct Pattern {
    /// Without the `!` and as a plain path.
    text: String,
    /// `!`: what an earlier pattern excludes is in again.
    exception: bool,
    matcher: Matcher,
}

#[derive(Debug)]
enum Matcher {
    Exact,
    Prefix(String),
    Suffix(String),
    Regex(Regex),
}

/// A line that is not a pattern.
#[derive(Debug, PartialEq, Eq)]
pub struct NotAPattern {
    /// From 1.
    pub line: usize,
    pub pattern: String,
}

impl Ignore {
    /// # Errors
    /// The first line that is not a pattern.
    pub fn parse(text: &str) -> Result<Ignore, NotAPattern> {
        let mut patterns = Vec::new();
        for (n, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            // Only a `#` in the first column begins a comment.
            let pattern = if line.starts_with('#') { "" } else { line.trim() };
            if !pattern.is_empty() {
                let parsed = Pattern::parse(pattern);
                patterns.push(parsed.ok_or_else(|| NotAPattern { line: n + 1, pattern: pattern.to_owned() })?);
            }
        }
        Ok(Ignore { patterns })
    }

    /// Whether a path, relative to the context's root, is left out: the last pattern that fits it or a folder above it counts.
    pub fn excludes(&self, path: &str) -> bool {
        let above: Vec<&str> = path.match_indices('/').map(|(i, _)| &path[..i]).collect();
        self.patterns.iter().fold(false, |out, pattern| {
            // An exception brings back what is out, any other pattern takes out what is in.
            let fits = pattern.exception == out && (pattern.fits(path) || above.iter().any(|p| pattern.fits(p)));
            if fits { !pattern.exception } else { out }
        })
    }

    /// Whether something below a folder that is left out may be in again.
    pub fn may_bring_back_below(&self, folder: &str) -> bool {
        let below = format!("{folder}/");
        let mut exceptions = self.patterns.iter().filter(|p| p.exception);
        exceptions.any(|p| !matches!(p.matcher, Matcher::Exact) || p.text.starts_with(&below))
    }
}

impl Pattern {
    /// `None` for what is not a pattern.
    fn parse(line: &str) -> Option<Pattern> {
        let (exception, path) = match line.strip_prefix('!') {
            Some(rest) => (true, rest.trim()),
            None => (false, line),
        };
        if path.is_empty() {
            return None;
        }
        let cleaned = clean(path);
        let text = if cleaned.len() > 1 { cleaned.strip_prefix('/').unwrap_or(&cleaned).to_owned() } else { cleaned };
        let matcher = matcher(&text)?;
        Some(Pattern { text, exception, matcher })
    }

    fn fits(&self, path: &str) -> bool {
        match &self.matcher {
            Matcher::Exact => path == self.text,
            Matcher::Prefix(prefix) => path.starts_with(prefix),
            // `**/name` is also `name` at the top.
            Matcher::Suffix(suffix) => path.ends_with(suffix) || suffix.strip_prefix('/') == Some(path),
            Matcher::Regex(regex) => regex.is_match(path),
        }
    }
}

/// The shortest equivalent path (Go's `path.Clean`).
fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|p| *p != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    match (rooted, parts.join("/")) {
        (true, path) => format!("/{path}"),
        (false, path) if path.is_empty() => ".".to_owned(),
        (false, path) => path,
    }
}

/// `None` for what Go's `path.Match` calls a bad pattern.
fn matcher(pattern: &str) -> Option<Matcher> {
    enum Kind {
        Exact,
        Prefix,
        Suffix,
        Regex,
    }
    let mut kind = Kind::Exact;
    let mut regex = String::from(r"(?s)\A");
    let mut chars = pattern.chars().peekable();
    let mut first = true;
    while let Some(c) = chars.next() {
        match c {
            '*' if chars.next_if_eq(&'*').is_some() => {
                chars.next_if_eq(&'/');
                if chars.peek().is_some() {
                    // Any number of folders, also none.
                    regex += "(?:.*/)?";
                    kind = Kind::Regex;
                } else if matches!(kind, Kind::Exact) {
                    kind = Kind::Prefix;
                } else {
                    regex += ".*";
                    kind = Kind::Regex;
                }
                if first {
                    kind = Kind::Suffix;
                }
            }
            '*' => {
                regex += "[^/]*";
                kind = Kind::Regex;
            }
            '?' => {
                regex += "[^/]";
                kind = Kind::Regex;
            }
            '\\' => {
                regex += &escaped(chars.next()?);
                kind = Kind::Regex;
            }
            '[' => {
                regex += &class(&mut chars)?;
                kind = Kind::Regex;
            }
            c => regex += &escaped(c),
        }
        first = false;
    }
    Some(match kind {
        Kind::Exact => Matcher::Exact,
        Kind::Prefix => Matcher::Prefix(pattern.strip_suffix("**")?.to_owned()),
        Kind::Suffix => Matcher::Suffix(pattern.strip_prefix("**")?.to_owned()),
        Kind::Regex => Matcher::Regex(Regex::new(&(regex + r"\z")).ok()?),
    })
}

fn escaped(c: char) -> String {
    regex::escape(c.encode_utf8(&mut [0; 4]))
}

/// `[a-z]`, `[^a-z]`, after the bracket; `\` takes the next character as it is.
fn class(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<String> {
    let one = |chars: &mut std::iter::Peekable<std::str::Chars<'_>>| match chars.next()? {
        '-' | ']' => None,
        '\\' => chars.next(),
        c => Some(c),
    };
    let mut class = String::from("[");
    if chars.next_if_eq(&'^').is_some() {
        class.push('^');
    }
    let mut ranges = 0;
    while ranges == 0 || chars.next_if_eq(&']').is_none() {
        let low = one(chars)?;
        let high = if chars.next_if_eq(&'-').is_some() { one(chars)? } else { low };
        if low <= high {
            class += &format!("{}-{}", escaped(low), escaped(high));
        }
        ranges += 1;
    }
    // A class of nothing but empty ranges fits nothing.
    Some(if class == "[" { r"[^\s\S]".into() } else { class + "]" })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn excluded(text: &str, path: &str) -> bool {
        Ignore::parse(text).unwrap().excludes(path)
    }

    // From the tests of moby/patternmatcher and what Docker documents of its patterns.
    #[rstest]
    #[case("**", "file", true)]
    #[case("**", "dir/file", true)]
    #[case("**/", "dir/file", true)]
    #[case("**/**", "dir/file", true)]
    #[case("dir/**", "dir/file", true)]
    #[case("dir/**", "dir", false)]
    #[case("dir/**", "dir/dir2/file", true)]
    #[case("**/dir", "dir", true)]
    #[case("**/dir", "a/b/dir", true)]
    #[case("**/dir", "a/b/dir/file", true)]
    #[case("**/dir2/*", "dir/dir2/file", true)]
    #[case("**/dir2/**", "dir/dir2/dir2/file", true)]
    #[case("**file", "dir/file", true)]
    #[case("**file", "dirfile", true)]
    #[case("**/file", "dirfile", false)]
    #[case("**/*.txt", "file.txt", true)]
    #[case("**/*.txt", "dir/dir/file.txt", true)]
    #[case("a**/*.txt", "a/file.txt", true)]
    #[case("a**/*.txt", "a/dir/dir/file.txt", true)]
    #[case("a/*.txt", "a/dir/file.txt", false)]
    #[case("a/*.txt", "a/file.txt", true)]
    #[case("a/*.txt**", "a/file.txt", true)]
    #[case("a[b-d]e", "ae", false)]
    #[case("a[b-d]e", "ace", true)]
    #[case("a[^b-d]e", "aze", true)]
    #[case("a[^b-d]e", "ace", false)]
    #[case("[a-z&&[^b]", "&", true)]
    #[case(".*", ".env", true)]
    #[case(".*", "src/.env", false)]
    #[case("abc.def", "abcdef", false)]
    #[case("abc.def", "abcZdef", false)]
    #[case("abc?def", "abcZdef", true)]
    #[case("abc?def", "abc/def", false)]
    #[case(r"a\*b", "a*b", true)]
    #[case(r"a\*b", "axb", false)]
    #[case("a(b)+{c}$", "a(b)+{c}$", true)]
    #[case("/dir", "dir/file", true)]
    #[case("./dir//x/", "dir/x/file", true)]
    #[case("dir/../node_modules", "node_modules/a", true)]
    #[case(" .env ", ".env", true)]
    #[case("# .env", ".env", false)]
    #[case(" # .env", "# .env", true)]
    #[case("\u{feff}.env", ".env", true)]
    #[case(".env\r\n.git\r\n", ".git/config", true)]
    #[case("dir", "directory", false)]
    #[case("*", "dir/file", true)]
    #[case("日本*", "日本語.txt", true)]
    fn a_pattern_excludes_what_docker_excludes(#[case] pattern: &str, #[case] path: &str, #[case] is: bool) {
        assert_eq!(excluded(pattern, path), is);
    }

    #[rstest]
    #[case("*\n!src", "src/main.rs", false)]
    #[case("*\n!src", "README.md", true)]
    #[case("!src\n*", "src/main.rs", true)]
    #[case("*.md\n!README*.md\nREADME-secret.md", "README-secret.md", true)]
    #[case("*.md\nREADME-secret.md\n!README*.md", "README-secret.md", false)]
    #[case("docs\n!docs/README.md", "docs/README.md", false)]
    #[case("docs\n!docs/README.md", "docs/other.md", true)]
    #[case("a/b\n!a", "a/b/c", false)]
    #[case("**\n! **/*.go", "x/y.go", false)]
    fn exceptions_bring_back_and_the_last_that_fits_counts(#[case] text: &str, #[case] path: &str, #[case] is: bool) {
        assert_eq!(excluded(text, path), is);
    }

    #[test]
    fn a_folder_is_searched_only_if_an_exception_may_match_in_it() {
        let plain = Ignore::parse("node_modules\n!dist/keep").unwrap();
        assert!(!plain.may_bring_back_below("node_modules"));
        assert!(plain.may_bring_back_below("dist"));
        assert!(Ignore::parse("node_modules\n!**/keep").unwrap().may_bring_back_below("node_modules"));
    }

    #[rstest]
    #[case("a\n!", 2)]
    #[case("a[", 1)]
    #[case("a[]b]", 1)]
    #[case("\n\n[a-]", 3)]
    #[case("a\\", 1)]
    fn an_invalid_pattern_is_refused_with_its_line(#[case] text: &str, #[case] line: usize) {
        assert_eq!(Ignore::parse(text).unwrap_err().line, line);
    }
}
