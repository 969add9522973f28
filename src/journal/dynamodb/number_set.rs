//! A set of numbers as numbers: messages are absorbed nearly in order, so that however many there were, this stays short.

use std::fmt;
use std::str::FromStr;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct NumberSet(Vec<(u64, u64)>);

impl NumberSet {
    pub fn contains(&self, number: u64) -> bool {
        self.0.iter().any(|(from, to)| (*from..=*to).contains(&number))
    }

    /// Whether it was not in it before.
    pub fn insert(&mut self, number: u64) -> bool {
        if self.contains(number) {
            return false;
        }
        self.0.push((number, number));
        self.0.sort_unstable();
        let mut joined: Vec<(u64, u64)> = Vec::with_capacity(self.0.len());
        for (from, to) in self.0.drain(..) {
            match joined.last_mut() {
                Some(last) if last.1 + 1 == from => last.1 = to,
                Some(_) | None => joined.push((from, to)),
            }
        }
        self.0 = joined;
        true
    }

    /// The first number from 1 on that is not in it.
    pub fn first_missing(&self) -> u64 {
        match self.0.first() {
            Some((1, to)) => to + 1,
            Some(_) | None => 1,
        }
    }
}

impl fmt::Display for NumberSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.0.iter().map(|(from, to)| format!("{from}-{to}")).collect();
        f.write_str(&parts.join(","))
    }
}

impl FromStr for NumberSet {
    type Err = ();

    fn from_str(text: &str) -> Result<NumberSet, ()> {
        let range = |part: &str| {
            let (from, to) = part.split_once('-').ok_or(())?;
            Ok((from.parse().map_err(drop)?, to.parse().map_err(drop)?))
        };
        text.split(',').filter(|p| !p.is_empty()).map(range).collect::<Result<_, ()>>().map(NumberSet)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_equals_the_set_of_its_numbers(numbers in proptest::collection::vec(1_u64..40, 0..60)) {
            let (mut found, mut set) = (NumberSet::default(), BTreeSet::new());
            for number in numbers {
                prop_assert_eq!(found.insert(number), set.insert(number));
            }
            let read: NumberSet = found.to_string().parse().unwrap();
            prop_assert_eq!(&read, &found);
            prop_assert!((1..42).all(|n| read.contains(n) == set.contains(&n)));
            prop_assert_eq!(Some(read.first_missing()), (1..).find(|n| !set.contains(n)));
            prop_assert!(read.0.windows(2).all(|w| w[0].1 + 1 < w[1].0), "neighbours are one range");
        }
    }
}
