//! Given events, what the reports say.
