//! The options of `probity policy`.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::{Args, Subcommand};
use domain::policy::identity::Semver;

use crate::policies::Source;
use crate::policies::readable::Lang;
use crate::policies::tables;

pub(super) const EXAMPLES: &str = "\
A pack is data: which papers, which thresholds, which reaction to which cause. Changing one:
  probity policy export in-force rules.json                           the pack as a file
  probity policy export rules.json tables.xlsx                        every table, each on a sheet of its own
  probity policy export rules.json overdue.xlsx --table overdue       one table as a spreadsheet
  probity policy import rules.json overdue.xlsx new.json --table overdue --semver 1.1.0
  probity policy import rules.json tables.xlsx new.json               every table of the workbook
  probity policy check new.json                                       proved, or an example of what is wrong
  probity policy diff rules.json new.json
  probity policy show new.json --lang zh --html new.html              the pack as people read it, on a page to print
  probity policy simulate new.json --from 2026-01-01 --csv changes.csv
  probity policy affected new.json --csv customers.csv                whom it would concern
What applies now:
  probity policy status                                               pack, pilot, schedule, shadow; since when, what comes next";

#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Prove a pack: every table complete, every row reached, nothing contradictory; or show where it is not
    Check {
        /// A file, or: built-in, in-force
        pack: Source,
    },
    /// Show a pack as people read it
    Show {
        /// A file, or: built-in, in-force
        pack: Source,
        #[command(flatten)]
        reading: Reading,
    },
    /// List the facts that rules may ask about
    Facts,
    /// Show what differs between two packs
    Diff {
        /// A file, or: built-in, in-force
        old: Source,
        /// The same
        new: Source,
        #[command(flatten)]
        reading: Reading,
    },
    /// Ask what a pack would have answered to everything that this store has decided
    Simulate(SimulateOptions),
    /// Show what is in force where: pack, pilot and its next step, what is scheduled, what runs in shadow
    Status {
        /// In this language
        #[arg(long, env = "PROBITY_POLICY_LANG", value_enum)]
        lang: Option<Lang>,
    },
    /// List the customers whom a pack would concern: other decisions than the recorded ones, or papers that it asks for anew
    Affected(AffectedOptions),
    /// Write a pack, or one of its tables, to a file
    Export {
        /// A file, or: built-in, in-force
        pack: Source,
        /// .json for the pack, .xlsx for all of its tables, .xlsx or .csv for one
        to: PathBuf,
        #[arg(help = which_table(), long, env = "PROBITY_POLICY_TABLE", value_name = "NAME")]
        table: Option<String>,
    },
    /// Take tables that were edited as a spreadsheet into a pack
    Import {
        /// The pack that the tables are put into: a file, or: built-in, in-force
        pack: Source,
        /// XLSX or CSV, with the columns of an exported table; a decision table may have its texts and its legal basis after them
        from: PathBuf,
        /// The new pack
        to: PathBuf,
        #[arg(
            help = format!("{}; without, each that the workbook has a sheet for", which_table()),
            long,
            env = "PROBITY_POLICY_TABLE",
            value_name = "NAME"
        )]
        table: Option<String>,
        /// The version of the new pack, such as 1.4.0; what is submitted has a greater one than the pack in force
        #[arg(long, env = "PROBITY_POLICY_SEMVER", value_name = "VERSION")]
        semver: Option<Semver>,
    },
}

fn which_table() -> String {
    format!("Which table: {}", tables::known())
}

/// How a pack, or a difference, is shown.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// In this language, with the names of codes in place of the codes
    #[arg(long, env = "PROBITY_POLICY_LANG", value_enum)]
    pub lang: Option<Lang>,
    /// Write an HTML page to this file instead
    #[arg(long, env = "PROBITY_POLICY_HTML", value_name = "FILE")]
    pub html: Option<PathBuf>,
}

#[derive(Args, Clone, Debug)]
pub struct SimulateOptions {
    /// A file, or: built-in, in-force
    pub pack: Source,
    /// The first business date
    #[arg(long, env = "PROBITY_SIMULATE_FROM", value_name = "DATE", value_parser = crate::day::written)]
    pub from: Option<NaiveDate>,
    /// The last business date
    #[arg(long, env = "PROBITY_SIMULATE_TO", value_name = "DATE", value_parser = crate::day::written)]
    pub to: Option<NaiveDate>,
    /// Write every decision that differs to this CSV file
    #[arg(long, env = "PROBITY_SIMULATE_CSV", value_name = "FILE")]
    pub csv: Option<PathBuf>,
}

#[derive(Args, Clone, Debug)]
pub struct AffectedOptions {
    /// A file, or: built-in
    pub pack: Source,
    /// The business date on which papers are looked at; without, today, or the first day of the pack
    #[arg(long, env = "PROBITY_AFFECTED_ON", value_name = "DATE", value_parser = crate::day::written)]
    pub on: Option<NaiveDate>,
    /// Write every customer to this CSV file
    #[arg(long, env = "PROBITY_AFFECTED_CSV", value_name = "FILE")]
    pub csv: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_help_of_export_and_import_lists_every_table() {
        let mut command = crate::config::Cli::command();
        let policy = command.find_subcommand_mut("policy").unwrap();
        for name in ["export", "import"] {
            let help = policy.find_subcommand_mut(name).unwrap().render_help().to_string();
            assert!(help.contains(&tables::known()), "{help}");
        }
    }
}
