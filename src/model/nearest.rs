//! The name that was probably meant.

/// The nearest of several names, if it is near enough to be a slip.
pub fn nearest<'a>(wanted: &str, there: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = wanted.to_lowercase();
    there
        .into_iter()
        .map(|name| (distance(&wanted, &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= wanted.len().max(name.len()) / 2 || is_part(&wanted, name))
        .min()
        .map(|(_, name)| name)
}

/// Whether one is a part of the other, and long enough for that to mean something.
fn is_part(wanted: &str, name: &str) -> bool {
    let name = name.to_lowercase();
    wanted.len().min(name.len()) >= 3 && (name.contains(wanted) || wanted.contains(&name))
}

/// Levenshtein's edit distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_finds_its_name_and_a_stranger_none() {
        assert_eq!(nearest("asset-dve", ["asset-dev", "asset-prod"]), Some("asset-dev"));
        assert_eq!(nearest("web", ["asset-web", "x"]), Some("asset-web"));
        assert_eq!(nearest("totally-else", ["a", "bb"]), None);
    }
}
