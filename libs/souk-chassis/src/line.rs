//! Where the calls of a channel go, and as whom.

use std::sync::Arc;

use http::HeaderValue;

use crate::exchange::Exchange;
use crate::remote::Endpoints;

/// Where the calls of a channel go, and as whom.
pub(crate) struct Line {
    pub(crate) exchange: Arc<Exchange>,
    pub(crate) authorization: Option<HeaderValue>,
    pub(crate) target: Target,
}

#[derive(Clone)]
pub(crate) enum Target {
    /// A service of this process, by its name.
    Local(&'static str),
    Remote(Arc<Endpoints>),
    /// A name that nothing is known about; calls say so.
    Nowhere(String),
}
