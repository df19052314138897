"""统一身份认证 (single sign-on): staff log in at an OpenID provider, into accounts that exist here already."""
