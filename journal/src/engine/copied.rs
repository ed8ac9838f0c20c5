//! Rows as PostgreSQL copies them out in binary: a header, then each row with the length of each of its values before it.
//!
//! A copy costs the server half of what rows of a query do, and the driver next to nothing. It comes in pieces that mostly are rows.

use std::str::from_utf8;

use uuid::Uuid;

use super::bulk::Told;
use super::rows::version_number;
use crate::{Position, Version};

const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";

/// What a copy is that is none, or of other columns.
#[derive(Debug, thiserror::Error)]
#[error("the rows that were copied cannot be read")]
pub(super) struct Malformed;

/// Puts pieces together again.
#[derive(Debug, Default)]
pub(super) struct Copied {
    begun: bool,
    ended: bool,
    /// The beginning of what the next piece ends.
    rest: Vec<u8>,
}

impl Copied {
    /// Takes a piece, and shows every row that it completes.
    pub(super) fn take(
        &mut self,
        piece: &[u8],
        mut show: impl FnMut(Told<'_>),
    ) -> Result<(), Malformed> {
        if self.rest.is_empty() {
            let whole = self.rows(piece, &mut show)?;
            self.rest.extend_from_slice(piece.get(whole..).unwrap_or_default());
            return Ok(());
        }
        let mut joined = std::mem::take(&mut self.rest);
        joined.extend_from_slice(piece);
        let whole = self.rows(&joined, &mut show)?;
        self.rest.extend_from_slice(joined.get(whole..).unwrap_or_default());
        Ok(())
    }

    /// Whether all has been seen that there is.
    pub(super) fn is_whole(&self) -> bool {
        self.ended && self.rest.is_empty()
    }

    /// How many bytes make whole rows.
    fn rows(&mut self, bytes: &[u8], show: &mut impl FnMut(Told<'_>)) -> Result<usize, Malformed> {
        let mut left = Left(bytes);
        loop {
            let whole = bytes.len() - left.0.len();
            let next =
                if self.begun { row(&mut left) } else { header(&mut left).map(|()| Row::Header) };
            match next {
                Ok(Row::Header) => self.begun = true,
                Ok(Row::End) => self.ended = true,
                Ok(Row::Told(told)) => show(told),
                Err(Short::Incomplete) => return Ok(whole),
                Err(Short::Malformed) => return Err(Malformed),
            }
        }
    }
}

enum Row<'a> {
    Header,
    Told(Told<'a>),
    End,
}

/// Why there is no row.
enum Short {
    /// The next piece has more.
    Incomplete,
    Malformed,
}

/// What has not been read yet.
struct Left<'a>(&'a [u8]);

impl<'a> Left<'a> {
    fn bytes(&mut self, number: usize) -> Result<&'a [u8], Short> {
        let (bytes, left) = self.0.split_at_checked(number).ok_or(Short::Incomplete)?;
        self.0 = left;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Short> {
        self.bytes(N)?.try_into().map_err(|_| Short::Malformed)
    }

    /// A value; none is an empty one.
    fn value(&mut self) -> Result<&'a [u8], Short> {
        match i32::from_be_bytes(self.array()?) {
            -1 => Ok(&[]),
            length => self.bytes(usize::try_from(length).map_err(|_| Short::Malformed)?),
        }
    }

    fn number(&mut self) -> Result<i64, Short> {
        let value = self.value()?;
        value.try_into().map(i64::from_be_bytes).map_err(|_| Short::Malformed)
    }

    fn text(&mut self) -> Result<&'a str, Short> {
        from_utf8(self.value()?).map_err(|_| Short::Malformed)
    }
}

fn header(left: &mut Left<'_>) -> Result<(), Short> {
    if left.bytes(SIGNATURE.len())? != SIGNATURE {
        return Err(Short::Malformed);
    }
    let [_flags, extension] = [left.array()?, left.array()?].map(u32::from_be_bytes);
    left.bytes(usize::try_from(extension).map_err(|_| Short::Malformed)?).map(drop)
}

/// The columns of [`super::bulk`], in their order.
fn row<'a>(left: &mut Left<'a>) -> Result<Row<'a>, Short> {
    match i16::from_be_bytes(left.array()?) {
        -1 => return Ok(Row::End),
        7 => {}
        _ => return Err(Short::Malformed),
    }
    Ok(Row::Told(Told {
        position: Position(left.number()?),
        version: Version(left.number()?),
        command_id: Uuid::from_slice(left.value()?).ok(),
        event_version: version_number(left.text()?),
        stream: left.text()?,
        event_type: left.text()?,
        // Binary JSON is its text.
        payload: left.text()?,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copied() -> Vec<u8> {
        let mut bytes = SIGNATURE.to_vec();
        bytes.extend([0; 8]);
        let column = |bytes: &mut Vec<u8>, value: &[u8]| {
            bytes.extend(i32::try_from(value.len()).unwrap().to_be_bytes());
            bytes.extend(value);
        };
        for (position, payload) in [(3_i64, "{}"), (4, "{\"名\":1}")] {
            bytes.extend(7_i16.to_be_bytes());
            column(&mut bytes, &position.to_be_bytes());
            column(&mut bytes, &1_i64.to_be_bytes());
            bytes.extend((-1_i32).to_be_bytes());
            for text in ["1.0", "toy-1", "happened", payload] {
                column(&mut bytes, text.as_bytes());
            }
        }
        bytes.extend((-1_i16).to_be_bytes());
        bytes
    }

    /// What is shown of pieces that are so long.
    fn read(bytes: &[u8], length: usize) -> (Vec<(i64, String)>, bool) {
        let (mut copied, mut shown) = (Copied::default(), Vec::new());
        for piece in bytes.chunks(length) {
            let show = |told: Told<'_>| {
                assert_eq!(
                    (told.version, told.command_id, told.event_version),
                    (Version(1), None, 1)
                );
                assert_eq!((told.stream, told.event_type), ("toy-1", "happened"));
                shown.push((told.position.0, told.payload.to_owned()));
            };
            copied.take(piece, show).unwrap();
        }
        (shown, copied.is_whole())
    }

    #[test]
    fn rows_come_out_however_they_are_cut() {
        let bytes = copied();
        let whole = (vec![(3, "{}".to_owned()), (4, "{\"名\":1}".to_owned())], true);
        for length in [1, 2, 7, 60, 100, bytes.len()] {
            assert_eq!(read(&bytes, length), whole, "{length}");
        }
        for missing in 1..bytes.len() {
            assert!(!read(&bytes[..bytes.len() - missing], 50).1, "{missing}");
        }
    }

    #[test]
    fn what_is_no_copy_of_these_columns_is_refused() {
        for wrong in 0..SIGNATURE.len() {
            let mut bytes = copied();
            bytes[wrong] ^= 1;
            assert!(Copied::default().take(&bytes, |_| ()).is_err());
        }
        let mut bytes = copied();
        bytes[SIGNATURE.len() + 9] = 6;
        assert!(Copied::default().take(&bytes, |_| ()).is_err());
    }
}
