//! A time of day, as a calendar writes it: `09:00`, and `24:00` for the end of the day.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Whole minutes since midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Clock(u16);

/// What is no time of day.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no time of day from 00:00 to 24:00")]
pub struct NoTime(String);

impl Clock {
    pub(super) const MIDNIGHT: Self = Self(0);
    pub(super) const NINE: Self = Self(9 * 60);
    pub(super) const HALF_PAST_FIVE: Self = Self(17 * 60 + 30);
    const END_OF_DAY: Self = Self(24 * 60);

    pub fn minutes(self) -> u16 {
        self.0
    }
}

impl FromStr for Clock {
    type Err = NoTime;

    fn from_str(text: &str) -> Result<Self, NoTime> {
        let two = |digits: &str| -> Option<u16> {
            let plain = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| digits.parse().ok()).flatten()
        };
        let read = text.split_once(':').and_then(|(hours, minutes)| {
            let minutes = two(minutes).filter(|minutes| *minutes < 60)?;
            Some(Self(two(hours)? * 60 + minutes)).filter(|clock| *clock <= Self::END_OF_DAY)
        });
        read.ok_or_else(|| NoTime(text.to_owned()))
    }
}

impl TryFrom<String> for Clock {
    type Error = NoTime;

    fn try_from(text: String) -> Result<Self, NoTime> {
        text.parse()
    }
}

impl From<Clock> for String {
    fn from(clock: Clock) -> Self {
        clock.to_string()
    }
}

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_in_one_way() {
        for text in ["00:00", "09:05", "23:59", "24:00"] {
            assert_eq!(text.parse::<Clock>().unwrap().to_string(), text);
        }
        for text in ["", "9:00", "09:60", "24:01", "99:00", "+9:00", "09:00:00", "0９:00", "09.00"]
        {
            assert_eq!(text.parse::<Clock>(), Err(NoTime(text.to_owned())));
        }
    }
}
