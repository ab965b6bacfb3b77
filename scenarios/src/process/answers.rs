//! Processes that print no ready line: they are ready when they answer a request.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::Duration;

use super::RunSettings;
use super::error::ProcessFailure;
use crate::flow::{PointRequest, encode_anonymous};
use crate::target::{Members, ProcessSpec, Reference, RequestTemplate, TargetFile, lookup};

/// How long one attempt may take.
const ATTEMPT: Duration = Duration::from_secs(2);
/// Statuses from this on say that it is not ready yet, or broken.
const SERVER_ERROR: u16 = 500;

/// The request that a process answers once it is ready.
pub(super) struct Answers {
    request: PointRequest,
    url: String,
}

impl Answers {
    pub(super) fn new(
        target: &TargetFile,
        spec: &ProcessSpec,
        request: &RequestTemplate,
        members: &Members,
        settings: &RunSettings,
    ) -> Result<Self, ProcessFailure> {
        let place = format!("process.{}.ready", spec.name);
        let known = |reference: &Reference| lookup(members, &reference.name);
        let trust = target.trust_so_far(members);
        let request = target
            .bind_request(request, &place, &known, &settings.remote, &trust)
            .map_err(|error| ProcessFailure::Address(Box::new(error)))?;
        Ok(Self {
            url: request.origin.base_url(),
            request: encode_anonymous(&request)?,
        })
    }

    /// Where it listens.
    pub(super) fn url(&self) -> String {
        self.url.clone()
    }

    /// Whether it answers with a status below 500.
    pub(super) fn is_there(&self) -> bool {
        self.status().is_ok_and(|status| status < SERVER_ERROR)
    }

    fn status(&self) -> io::Result<u16> {
        // `HTTP/1.1 200`: nothing else is of interest.
        let mut start = [0; 12];
        let request = self.request.bytes.as_bytes();
        self.request
            .peer
            .ask_blocking(request, &mut start, ATTEMPT)?;
        let status = std::str::from_utf8(&start[9..]).ok();
        let status = status.and_then(|status| status.parse().ok());
        status.ok_or_else(|| io::ErrorKind::InvalidData.into())
    }
}

/// A port of this machine that nobody listens on, held until this is dropped. Whoever is quick may take it before the process does,
/// which then says so itself.
pub(super) struct FreePort {
    pub(super) number: u16,
    _held: TcpListener,
}

impl FreePort {
    pub(super) fn find() -> io::Result<Self> {
        let held = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        Ok(Self {
            number: held.local_addr()?.port(),
            _held: held,
        })
    }
}
