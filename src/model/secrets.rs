//! Secret values, removed from what other programs print.

use std::borrow::Cow;

/// What is printed in place of a secret.
const MASK: &str = "***";

/// Shorter values (`1`, `true`) occur in any text; a credential of so few characters would be none.
const SHORTEST: usize = 8;

/// Words in the name of a variable by which it holds a secret.
const SECRET: [&str; 9] =
    ["SECRET", "TOKEN", "PASSWORD", "PASSWD", "PASSPHRASE", "CREDENTIAL", "PRIVATE_KEY", "API_KEY", "APIKEY"];

/// Endings by which a variable says where a secret is, not what it is.
const ELSEWHERE: [&str; 5] = ["_FILE", "_PATH", "_URI", "_URL", "_DIR"];

/// Secrets, the longest first, so that one that holds another is masked whole.
#[derive(Clone, Default)]
pub struct Secrets(Vec<String>);

impl Secrets {
    /// The values of the variables whose names say that they hold a secret.
    pub fn of_environment<N: AsRef<str>, V: AsRef<str>>(vars: impl IntoIterator<Item = (N, V)>) -> Secrets {
        let mut secrets = Secrets::default();
        for (name, value) in vars {
            let name = name.as_ref().to_ascii_uppercase();
            if SECRET.iter().any(|word| name.contains(word)) && !ELSEWHERE.iter().any(|end| name.ends_with(end)) {
                secrets.add(value.as_ref());
            }
        }
        secrets
    }

    /// One more. Each line of it counts: programs say them one by one.
    pub fn add(&mut self, value: &str) {
        let lines = value.lines().map(str::trim).filter(|l| l.len() >= SHORTEST);
        self.0.extend(lines.map(str::to_owned));
        self.0.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        self.0.dedup();
    }

    /// A text without them.
    pub fn masked<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut shown = Cow::Borrowed(text);
        for secret in &self.0 {
            if shown.contains(secret.as_str()) {
                shown = Cow::Owned(shown.replace(secret.as_str(), MASK));
            }
        }
        shown
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secrets({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_variable_calls_a_secret_is_masked_and_nothing_else() {
        let secrets = Secrets::of_environment([
            ("AWS_SECRET_ACCESS_KEY", "aws-secret-value"),
            ("npm_token", "npm-token-value"),
            ("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE"),
            ("AWS_WEB_IDENTITY_TOKEN_FILE", "/var/run/token"),
            ("USE_TOKEN", "true"),
            ("HOME", "/home/developer"),
        ]);
        let said = "aws-secret-value npm-token-value AKIAEXAMPLE /var/run/token true /home/developer";
        assert_eq!(secrets.masked(said), "*** *** AKIAEXAMPLE /var/run/token true /home/developer");
        assert!(!format!("{secrets:?}").contains("value"));
    }

    #[test]
    fn one_that_holds_another_goes_whole_and_one_of_several_lines_goes_line_by_line() {
        let mut secrets = Secrets::default();
        secrets.add("password");
        secrets.add("user:password:more");
        secrets.add("first line\nsecond line\n");
        assert_eq!(secrets.masked("<user:password:more> <password>"), "<***> <***>");
        assert_eq!(secrets.masked("second line"), "***");
        assert!(matches!(secrets.masked("nothing"), Cow::Borrowed(_)));
    }
}
