//! Identifiers and secrets in AWS's form, from a seeded counter: the same history gives the same ids.

use sha2::{Digest as _, Sha256};

/// A deterministic source of unique strings.
#[derive(Debug, Clone)]
pub struct IdGenerator {
    seed: u64,
    drawn: u64,
}

/// The alphabet of AWS's unique ids and access key ids.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

impl IdGenerator {
    pub fn new(seed: u64) -> IdGenerator {
        IdGenerator { seed, drawn: 0 }
    }

    fn draw(&mut self) -> [u8; 32] {
        self.drawn += 1;
        let mut hash = Sha256::new();
        hash.update(b"sandbox");
        hash.update(self.seed.to_be_bytes());
        hash.update(self.drawn.to_be_bytes());
        hash.finalize().into()
    }

    /// `len` lower-case hex digits, at most 64.
    pub fn hex(&mut self, len: usize) -> String {
        hex::encode(self.draw())[..len].to_owned()
    }

    /// `len` characters of AWS's id alphabet, at most 32.
    pub fn base32(&mut self, len: usize) -> String {
        self.draw().iter().take(len).map(|b| char::from(BASE32[usize::from(*b & 31)])).collect()
    }

    /// Forty characters, as a secret access key has.
    pub fn secret(&mut self) -> String {
        use base64::Engine as _;
        let mut bytes = self.draw().to_vec();
        bytes.extend_from_slice(&self.draw());
        base64::engine::general_purpose::STANDARD.encode(bytes)[..40].to_owned()
    }

    pub fn uuid(&mut self) -> String {
        let h = self.hex(32);
        format!("{}-{}-4{}-8{}-{}", &h[..8], &h[8..12], &h[13..16], &h[17..20], &h[20..32])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same_ids_and_never_one_twice() {
        let (mut a, mut b) = (IdGenerator::new(7), IdGenerator::new(7));
        let first = a.uuid();
        assert_eq!(first, b.uuid());
        assert_ne!(first, a.uuid());
        assert_eq!(a.secret().len(), 40);
        assert_eq!(a.base32(16).len(), 16);
    }
}
