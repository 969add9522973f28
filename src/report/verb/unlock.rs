//! What `unlock` prints.

/// The lock of a release or a stage is broken. `who` had it.
pub fn broken(what: &str, who: &str) -> String {
    format!("the lock of {what} is broken; {who} stops before it changes anything more")
}

pub fn not_locked(what: &str) -> String {
    format!("{what} is not locked")
}
