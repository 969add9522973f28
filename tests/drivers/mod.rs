//! The example files for other drivers: held against their public schemas, and their scripts run on the sandbox.

mod schemas;
mod scripts;
