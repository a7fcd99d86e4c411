//! Mutual TLS between nodes: each shows a certificate that the authority of the cluster has signed.

use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream};

use crate::host::Stream;

/// What a node shows to others and asks of them. Clones share it.
#[derive(Clone)]
pub struct Tls {
    connector: TlsConnector,
    acceptor: TlsAcceptor,
    name: ServerName<'static>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("name", &self.name).finish_non_exhaustive()
    }
}

fn invalid(error: impl std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, error.to_string())
}

impl Tls {
    /// Reads PEM files: the certificate of the authority, the chain of this node's certificate, and its key.
    /// The certificate of every node must be valid for `name`, a DNS name that stands for the cluster.
    ///
    /// # Errors
    /// If a file cannot be read, or certificate, key and name do not fit.
    pub fn from_files(
        authority: impl AsRef<Path>,
        certificate: impl AsRef<Path>,
        key: impl AsRef<Path>,
        name: &str,
    ) -> io::Result<Self> {
        let read =
            |path: &Path| std::fs::read(path).map_err(|e| io::Error::new(e.kind(), format!("{}: {e}", path.display())));
        Self::from_pem(&read(authority.as_ref())?, &read(certificate.as_ref())?, &read(key.as_ref())?, name)
    }

    /// As [`from_files`](Self::from_files), with the contents of the files.
    ///
    /// # Errors
    /// If certificate, key and name do not fit.
    pub fn from_pem(authority: &[u8], certificate: &[u8], key: &[u8], name: &str) -> io::Result<Self> {
        let chain = |pem: &[u8]| -> io::Result<Vec<CertificateDer<'static>>> {
            CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(invalid)
        };
        let mut roots = RootCertStore::empty();
        for root in chain(authority)? {
            roots.add(root).map_err(invalid)?;
        }
        let roots = Arc::new(roots);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let key = || PrivateKeyDer::from_pem_slice(key).map_err(invalid);
        let verifier = WebPkiClientVerifier::builder_with_provider(roots.clone(), provider.clone());
        let server = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(invalid)?
            .with_client_cert_verifier(verifier.build().map_err(invalid)?)
            .with_single_cert(chain(certificate)?, key()?)
            .map_err(invalid)?;
        let client = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(invalid)?
            .with_root_certificates(roots)
            .with_client_auth_cert(chain(certificate)?, key()?)
            .map_err(invalid)?;
        Ok(Self {
            connector: TlsConnector::from(Arc::new(client)),
            acceptor: TlsAcceptor::from(Arc::new(server)),
            name: ServerName::try_from(name.to_owned()).map_err(invalid)?,
        })
    }

    pub(super) async fn connect(&self, stream: Stream) -> io::Result<TlsStream<Stream>> {
        Ok(self.connector.connect(self.name.clone(), stream).await?.into())
    }

    pub(super) async fn accept(&self, stream: Stream) -> io::Result<TlsStream<Stream>> {
        Ok(self.acceptor.accept(stream).await?.into())
    }
}
