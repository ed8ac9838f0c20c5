//! The leaf hash: what binds an event's content for ever.
//!
//! SHA-256 of `0x00 ‖ 0x01 ‖ aggregate_type ‖ aggregate_id ‖ i64 sequence ‖ i64 recorded_at µs ‖ event_type ‖ event_version ‖
//! SHA-256(payload) ‖ SHA-256(metadata)`: big-endian, each text as its length in u32 and its UTF-8. The first byte is that of
//! a leaf in RFC 6962, the second this layout's version. The position is bound later by being the leaf's index in a tree.

use sha2::{Digest, Sha256};

/// Everything before the recording time, which only the append knows.
pub(crate) fn head(aggregate_type: &str, stream: &str, sequence: i64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(18 + aggregate_type.len() + stream.len());
    bytes.extend_from_slice(&[0x00, 0x01]);
    text(&mut bytes, aggregate_type);
    text(&mut bytes, stream);
    bytes.extend_from_slice(&sequence.to_be_bytes());
    bytes
}

/// Everything after the recording time.
pub(crate) fn tail(
    event_type: &str,
    event_version: &str,
    payload: &str,
    metadata: &[u8; 32],
) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(72 + event_type.len() + event_version.len());
    text(&mut bytes, event_type);
    text(&mut bytes, event_version);
    bytes.extend_from_slice(&digest(payload));
    bytes.extend_from_slice(metadata);
    bytes
}

pub(crate) fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

pub(crate) fn leaf(head: &[u8], recorded_us: i64, tail: &[u8]) -> [u8; 32] {
    Sha256::new()
        .chain_update(head)
        .chain_update(recorded_us.to_be_bytes())
        .chain_update(tail)
        .finalize()
        .into()
}

fn text(bytes: &mut Vec<u8>, text: &str) {
    // Longer texts are refused long before they come here.
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layout_is_the_documented_one() {
        let mut by_hand = vec![0, 1, 0, 0, 0, 1];
        by_hand.extend(b"t");
        by_hand.extend([0, 0, 0, 2]);
        by_hand.extend("é".as_bytes());
        by_hand.extend([0, 0, 0, 0, 0, 0, 0, 7]);
        by_hand.extend([0, 0, 0, 0, 0, 0, 1, 0]);
        by_hand.extend([0, 0, 0, 3]);
        by_hand.extend(b"a.b");
        by_hand.extend([0, 0, 0, 1]);
        by_hand.extend(b"1");
        by_hand.extend(Sha256::digest(b"{}"));
        by_hand.extend(Sha256::digest(b"[]"));
        let expected: [u8; 32] = Sha256::digest(&by_hand).into();
        assert_eq!(leaf(&head("t", "é", 7), 256, &tail("a.b", "1", "{}", &digest("[]"))), expected);
    }
}
