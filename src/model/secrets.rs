//! Masks secret values in what other programs print.

use std::borrow::Cow;

/// What is printed in place of a secret.
const MASK: &str = "***";

/// Shorter values (`1`, `true`) occur in any text, and a credential is longer.
const SHORTEST: usize = 8;

/// A variable with one of these words in its name holds a secret.
const SECRET_WORDS: [&str; 9] =
    ["SECRET", "TOKEN", "PASSWORD", "PASSWD", "PASSPHRASE", "CREDENTIAL", "PRIVATE_KEY", "API_KEY", "APIKEY"];

/// A variable with one of these endings holds a secret's location, not the secret.
const LOCATION_SUFFIXES: [&str; 5] = ["_FILE", "_PATH", "_URI", "_URL", "_DIR"];

/// Secrets, the longest first, so that a secret that contains another is masked whole.
#[derive(Clone, Default)]
pub struct Secrets(Vec<String>);

impl Secrets {
    /// The values of the variables whose names say that they hold a secret.
    pub fn of_environment<N: AsRef<str>, V: AsRef<str>>(vars: impl IntoIterator<Item = (N, V)>) -> Secrets {
        let mut secrets = Secrets::default();
        for (name, value) in vars {
            let name = name.as_ref().to_ascii_uppercase();
            if SECRET_WORDS.iter().any(|word| name.contains(word))
                && !LOCATION_SUFFIXES.iter().any(|end| name.ends_with(end))
            {
                secrets.add(value.as_ref());
            }
        }
        secrets
    }

    /// Adds a secret. Each of its lines counts, because programs may print them separately.
    pub fn add(&mut self, value: &str) {
        let lines = value.lines().map(str::trim).filter(|l| l.len() >= SHORTEST);
        self.0.extend(lines.map(str::to_owned));
        self.0.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        self.0.dedup();
    }

    /// The text with the secrets masked.
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
    fn the_values_of_secret_variables_are_masked_and_nothing_else() {
        let secrets = Secrets::of_environment([
            ("AWS_SECRET_ACCESS_KEY", "aws-secret-value"),
            ("npm_token", "npm-token-value"),
            ("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE"),
            ("AWS_WEB_IDENTITY_TOKEN_FILE", "/var/run/token"),
            ("USE_TOKEN", "true"),
            ("HOME", "/home/developer"),
        ]);
        let printed = "aws-secret-value npm-token-value AKIAEXAMPLE /var/run/token true /home/developer";
        assert_eq!(secrets.masked(printed), "*** *** AKIAEXAMPLE /var/run/token true /home/developer");
        assert!(!format!("{secrets:?}").contains("value"));
    }

    #[test]
    fn a_secret_that_contains_another_is_masked_whole_and_each_line_is_masked() {
        let mut secrets = Secrets::default();
        secrets.add("password");
        secrets.add("user:password:more");
        secrets.add("first line\nsecond line\n");
        assert_eq!(secrets.masked("<user:password:more> <password>"), "<***> <***>");
        assert_eq!(secrets.masked("second line"), "***");
        assert!(matches!(secrets.masked("nothing"), Cow::Borrowed(_)));
    }
}
