"""The configuration that the suites are run with, as rules."""

from __future__ import annotations

__all__ = ["suite_rules"]

_ENGINE = """\
SecRuleEngine DetectionOnly
SecRequestBodyAccess On
SecRequestBodyLimit 13107200
SecRequestBodyNoFilesLimit 131072
SecRequestBodyLimitAction Reject
SecResponseBodyAccess On
SecResponseBodyMimeType text/plain text/html text/xml application/json
SecResponseBodyLimit 1048576
SecResponseBodyLimitAction ProcessPartial
"""

_BODIES = """\
SecRule REQUEST_HEADERS:Content-Type "^(?:application(?:/soap\\+|/)|text/)xml" \
    "id:200000,phase:1,t:none,t:lowercase,pass,nolog,ctl:requestBodyProcessor=XML"
SecRule REQUEST_HEADERS:Content-Type "^application/json" \
    "id:200001,phase:1,t:none,t:lowercase,pass,nolog,ctl:requestBodyProcessor=JSON"
SecRule REQBODY_ERROR "!@eq 0" \
    "id:200002,phase:2,t:none,log,deny,status:400,msg:'Failed to parse request body.',\
logdata:'%{reqbody_error_msg}',severity:2"
SecRule MULTIPART_STRICT_ERROR "!@eq 0" \
    "id:200003,phase:2,t:none,log,deny,status:400,msg:'Multipart request body failed strict validation.'"
"""

_CRS = """\
SecAction "id:900005,phase:1,nolog,pass,t:none,ctl:ruleEngine=DetectionOnly,\
setvar:tx.paranoia_level={paranoia},\
setvar:tx.blocking_paranoia_level={paranoia},\
setvar:tx.detection_paranoia_level={paranoia},\
setvar:tx.crs_validate_utf8_encoding=1,\
setvar:tx.arg_length=400,\
setvar:tx.total_arg_length=64000,\
setvar:tx.max_num_args=255,\
setvar:tx.arg_name_length=100,\
setvar:tx.max_file_size=64100,\
setvar:tx.combined_file_sizes=65535"
"""


def suite_rules(paranoia: int = 4, *, parse_bodies: bool = True) -> str:
    """Return the rules that go before CRS: ``tests/docker-compose.yml`` of CRS, and ModSecurity's recommended ones.

    Without ``parse_bodies`` those are left out that have bodies parsed: the tested rules have their own.
    """
    return _ENGINE + (_BODIES if parse_bodies else "") + _CRS.format(paranoia=paranoia)
