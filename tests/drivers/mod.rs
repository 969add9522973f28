//! The example files for other drivers: checked against their public schemas, and their scripts run on the sandbox.

mod schemas;
mod scripts;
