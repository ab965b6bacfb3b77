//! The bits of a status list, and their form on the wire: zlib in base64url.

use std::io::{Read, Write};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

/// Bytes of a list at most: bits for 32 million tokens. A few compressed bytes could become gigabytes.
const MAX_BYTES: u64 = 4 << 20;

/// A bit for each token, the first in the lowest bit of the first byte.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bits(Vec<u8>);

impl Bits {
    /// Makes room for the bit at `index`, which is not set if it is new.
    pub fn reach(&mut self, index: usize) {
        if self.0.len() <= index / 8 {
            self.0.resize(index / 8 + 1, 0);
        }
    }

    /// Sets the bit at `index`, or clears it; there must be one.
    pub fn write(&mut self, index: usize, is_set: bool) {
        if let Some(byte) = self.0.get_mut(index / 8) {
            let mask = 1 << (index % 8);
            match is_set {
                true => *byte |= mask,
                false => *byte &= !mask,
            }
        }
    }

    /// Whether the bit at `index` is set; `None` if there is none.
    pub fn is_set(&self, index: usize) -> Option<bool> {
        let byte = self.0.get(index / 8)?;
        Some(byte & (1 << (index % 8)) != 0)
    }

    /// How many bytes they take.
    pub fn bytes(&self) -> usize {
        self.0.len()
    }

    /// How many are set.
    pub fn count(&self) -> u64 {
        self.0.iter().map(|byte| u64::from(byte.count_ones())).sum()
    }

    /// In the form for the wire.
    pub fn encode(&self) -> String {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        // Writing into memory cannot fail.
        let compressed = encoder.write_all(&self.0).and_then(|()| encoder.finish());
        URL_SAFE_NO_PAD.encode(compressed.unwrap_or_default())
    }

    /// Reads the form on the wire; `None` if it is anything else, or too long.
    pub fn decode(text: &str) -> Option<Self> {
        let compressed = URL_SAFE_NO_PAD.decode(text).ok()?;
        let mut bytes = Vec::new();
        let mut decoder = ZlibDecoder::new(compressed.as_slice()).take(MAX_BYTES + 1);
        decoder.read_to_end(&mut bytes).ok()?;
        (bytes.len() as u64 <= MAX_BYTES).then_some(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the draft's section on compressed byte arrays: sixteen statuses of one bit.
    #[test]
    fn bits_stand_from_the_lowest_of_each_byte() {
        let mut bits = Bits::default();
        bits.reach(15);
        for index in [0, 3, 4, 5, 7, 8, 9, 13, 15] {
            bits.write(index, true);
        }
        assert_eq!(bits, Bits(vec![0xb9, 0xa3]));
        assert_eq!(Bits::decode("eNrbuRgAAhcBXQ"), Some(bits.clone()));
        assert_eq!((bits.count(), bits.bytes()), (9, 2));
    }

    #[test]
    fn what_is_written_is_read() {
        let mut bits = Bits::default();
        bits.reach(100_000);
        bits.write(99_999, true);
        let read = Bits::decode(&bits.encode()).expect("a list");
        assert_eq!(read.is_set(99_999), Some(true));
        assert_eq!(read.is_set(99_998), Some(false));
        assert_eq!(read.is_set(100_008), None);
        bits.write(99_999, false);
        assert_eq!(bits.count(), 0);
    }

    #[test]
    fn what_is_no_list_or_a_bomb_is_refused() {
        let bomb = Bits(vec![0; MAX_BYTES as usize + 1]).encode();
        assert!(bomb.len() < 16_384);
        for text in ["", "!", "AAAA", &bomb] {
            assert_eq!(Bits::decode(text), None);
        }
    }
}
