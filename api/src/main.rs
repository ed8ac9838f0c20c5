//! The `probity` binary.

use std::io::Write;
use std::process::ExitCode;

use api::cli;
use api::config::Cli;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::read();
    cli::start_log(&cli.log);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error, ExitCode::from(1)),
    };
    match runtime.block_on(cli::run(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => failed(&fault, fault.exit_code()),
    }
}

/// One line that says what to do next.
fn failed(fault: &dyn std::fmt::Display, code: ExitCode) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "probity: {fault}");
    code
}
