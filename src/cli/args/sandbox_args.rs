//! The arguments of what runs on the embedded AWS.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub struct SandboxArgs {
    /// The loopback port to listen on (0: any free one)
    #[arg(long, default_value_t = 4566, value_name = "PORT")]
    pub port: u16,
    /// How many times faster than AWS it runs; dates stay real
    #[arg(long, default_value_t = 1.0, value_name = "N")]
    pub speed: f64,
    /// The file that describes its accounts (default: the two accounts of the demo)
    #[arg(long, value_name = "FILE")]
    pub seed: Option<PathBuf>,
    /// Print the seed instead of running, to write another one from it
    #[arg(long)]
    pub print_seed: bool,
    #[command(flatten)]
    pub traffic: TrafficArgs,
}

#[derive(Debug, Args)]
pub struct TrafficArgs {
    /// Write every request and every response into this file, as one line of JSON each, without credentials
    #[arg(long, value_name = "FILE")]
    pub traffic: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct DemoArgs {
    /// How many times faster than AWS it runs
    #[arg(long, default_value_t = 60.0, value_name = "N")]
    pub speed: f64,
    #[command(flatten)]
    pub traffic: TrafficArgs,
}
