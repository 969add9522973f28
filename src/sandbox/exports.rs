//! What a shell must export so that any AWS client uses this world.

use super::Seed;
use super::seed::{Account, User};

/// The exports of one user of the seed, by name; `None` where nobody has that name. `host` is the served `HOST:PORT`.
pub fn exports(seed: &Seed, user: &str, host: &str) -> Option<String> {
    users(seed).find(|(_, u)| u.name == user).map(|(_, u)| lines(seed, u, host))
}

/// All users with their accounts, in the seed's order.
pub fn users(seed: &Seed) -> impl Iterator<Item = (&Account, &User)> {
    seed.accounts.iter().flat_map(|a| a.users.iter().map(move |u| (a, u)))
}

/// The variables of a user of the seed.
pub fn variables(seed: &Seed, user: &User, host: &str) -> Vec<(&'static str, String)> {
    let mut all = vec![
        ("AWS_ENDPOINT_URL", format!("http://{host}")),
        ("AWS_REGION", seed.region.to_string()),
        ("AWS_DEFAULT_REGION", seed.region.to_string()),
        ("AWS_ACCESS_KEY_ID", user.key.id.clone()),
        ("AWS_SECRET_ACCESS_KEY", user.key.secret.clone()),
    ];
    all.extend(user.key.token.iter().map(|token| (TOKEN, token.clone())));
    all
}

/// The variables that must not be set beside them: a session token or a profile that is still set would override or invalidate the
/// keys.
pub fn unset(user: &User) -> &'static [&'static str] {
    if user.key.token.is_some() { &["AWS_PROFILE"] } else { &[TOKEN, "AWS_PROFILE"] }
}

const TOKEN: &str = "AWS_SESSION_TOKEN";

fn lines(seed: &Seed, user: &User, host: &str) -> String {
    let set = variables(seed, user, host);
    let mut out: String = set.iter().map(|(name, value)| format!("export {name}={}\n", quoted(value))).collect();
    out.push_str(&format!("unset {}\n", unset(user).join(" ")));
    out
}

/// Unchanged if it is safe in a shell, else in single quotes.
fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:+=@,".contains(c);
    if value.chars().all(plain) { value.to_owned() } else { format!("'{}'", value.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_users_exports_name_the_endpoint_and_quote_what_the_shell_would_touch() {
        let mut seed = Seed::demo();
        seed.accounts[0].users[0].key.secret = "it's $HOME".to_owned();
        let text = exports(&seed, "developer", "127.0.0.1:4566").unwrap();
        assert!(text.contains("export AWS_ENDPOINT_URL=http://127.0.0.1:4566\n"), "{text}");
        assert!(text.contains(r"export AWS_SECRET_ACCESS_KEY='it'\''s $HOME'"), "{text}");
        assert_eq!(exports(&seed, "nobody", "h:1"), None);
    }
}
