//! Finds the name that was probably meant.

/// The nearest of the existing names, where one is near enough: about a third of its letters may differ.
pub fn nearest<'a>(given: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let given = given.to_lowercase();
    let near = |name: &str, d: usize| {
        let letters = name.chars().count();
        d < letters && d <= ((letters.max(given.chars().count()) + 1) / 3).max(1)
    };
    names
        .into_iter()
        .map(|name| (distance(&given, &name.to_lowercase()), name))
        .filter(|(d, name)| near(name, *d))
        .min()
        .map(|(_, name)| name)
}

/// Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment).
pub fn distance(a: &str, b: &str) -> usize {
    // Names are short: a long text is not a misspelt name.
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(80).collect(), b.chars().take(80).collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<_>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let changed = usize::from(a[i - 1] != b[j - 1]);
            let mut d = (rows[i - 1][j] + 1).min(row[j - 1] + 1).min(rows[i - 1][j - 1] + changed);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                d = d.min(rows[i - 2][j - 2] + 1);
            }
            row.push(d);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_finds_the_one_that_was_meant() {
        let keys = ["region", "role", "id", "external_id"];
        assert_eq!(nearest("regoin", keys), Some("region"));
        assert_eq!(nearest("external-id", keys), Some("external_id"));
        assert_eq!(nearest("Region", keys), Some("region"));
        assert_eq!(nearest("adnim", ["web", "admin"]), Some("admin"));
        assert_eq!(nearest("colour", keys), None);
    }
}
