//! Options of `authbench target`.

use authbench_scenarios::target_init::Grant;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Target files.
#[derive(Debug, Subcommand)]
pub(crate) enum TargetCommand {
    /// Write a first target file for a system that describes itself (OpenID Connect Discovery, RFC 8414)
    Init(InitArguments),
}

/// Options of `authbench target init`.
#[derive(Debug, Args)]
pub(crate) struct InitArguments {
    /// The issuer, or the URL of its metadata
    #[arg(long, value_name = "URL")]
    pub(crate) discovery: String,

    /// File to write; never overwritten [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,

    /// Name of the target in every table
    #[arg(long, value_name = "NAME", default_value = "mine")]
    pub(crate) name: String,

    /// Identifier of the client, as registered with the server
    #[arg(long, value_name = "ID")]
    pub(crate) client_id: Option<String>,

    /// Grant to log in with [default: the first of these that the server supports]
    #[arg(long, value_enum)]
    pub(crate) grant: Option<GrantName>,

    /// PEM file with certificates to trust in place of the system's; repeatable
    #[arg(long = "ca-file", value_name = "FILE")]
    pub(crate) ca_files: Vec<PathBuf>,

    /// Host other than this machine that may be asked; repeatable
    #[arg(long = "allow-remote-target", value_name = "HOST")]
    pub(crate) remote_targets: Vec<String>,
}

/// A grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum GrantName {
    /// A user logs in at the authorization endpoint; with PKCE
    AuthorizationCode,
    /// The user's password goes to the token endpoint
    Password,
    /// The client itself
    ClientCredentials,
}

impl From<GrantName> for Grant {
    fn from(name: GrantName) -> Self {
        match name {
            GrantName::AuthorizationCode => Self::AuthorizationCode,
            GrantName::Password => Self::Password,
            GrantName::ClientCredentials => Self::ClientCredentials,
        }
    }
}
