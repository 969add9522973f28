//! Pages of a list, with opaque tokens: one way for all services. Each gives its own sizes, and its own error for a bad page.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// A page, and the token for the next where there is more.
pub struct Page<T> {
    pub items: Vec<T>,
    pub next: Option<String>,
}

impl<T> Page<T> {
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(change).collect(), next: self.next }
    }
}

impl Page<Value> {
    /// The answer that has the items as its member `name`, and a `nextToken` where there is more.
    pub fn answer(self, name: &str) -> Value {
        with_token(json!({ name: self.items }), self.next)
    }
}

/// An answer with a `nextToken`, where there is more.
pub fn with_token(mut answer: Value, next: Option<String>) -> Value {
    if let Some(token) = next {
        answer["nextToken"] = token.into();
    }
    answer
}

/// What is wrong with the page asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadPage {
    /// A token that this list did not return.
    Token,
    /// `maxResults` out of its range.
    Size,
}

/// How large pages are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Without `maxResults`.
    pub default: usize,
    /// The most that `maxResults` may ask for.
    pub most: usize,
    /// The most that a page holds whatever was asked for, as some output lists have it.
    pub held: usize,
}

/// Cuts the page that `nextToken` and `maxResults` of the input ask for.
pub fn page<T>(items: Vec<T>, input: &Value, sizes: Sizes) -> Result<Page<T>, BadPage> {
    let size = match input.get("maxResults").filter(|v| !v.is_null()) {
        None => sizes.default,
        Some(n) => n
            .as_u64()
            .and_then(|n| usize::try_from(n).ok())
            .filter(|n| (1..=sizes.most).contains(n))
            .ok_or(BadPage::Size)?,
    };
    let start = match input.get("nextToken").and_then(Value::as_str) {
        // A list may have become shorter since.
        Some(token) => start_of(token).ok_or(BadPage::Token)?.min(items.len()),
        None => 0,
    };
    let total = items.len();
    let items: Vec<T> = items.into_iter().skip(start).take(size.min(sizes.held)).collect();
    let end = start + items.len();
    Ok(Page { items, next: (end < total).then(|| URL_SAFE_NO_PAD.encode(format!("from:{end}"))) })
}

fn start_of(token: &str) -> Option<usize> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    text.strip_prefix("from:")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: Sizes = Sizes { default: 100, most: 100, held: 7 };

    #[test]
    fn pages_put_together_are_the_list() {
        let all: Vec<u32> = (0..25).collect();
        let (mut seen, mut token) = (Vec::new(), Value::Null);
        loop {
            let p = page(all.clone(), &json!({"maxResults": 10, "nextToken": token}), SIZES).ok().unwrap();
            assert!(p.items.len() <= 7);
            seen.extend(p.items);
            match p.next {
                Some(next) => token = next.into(),
                None => break,
            }
        }
        assert_eq!(seen, all);
        assert_eq!(page(all.clone(), &json!({"nextToken": "x"}), SIZES).err(), Some(BadPage::Token));
        assert_eq!(page(all, &json!({"maxResults": 101}), SIZES).err(), Some(BadPage::Size));
    }
}
