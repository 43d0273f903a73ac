; The installer for Windows: for this user alone unless asked otherwise, without questions that can be asked later.
; installer/build_windows.py defines Version, Frozen (the folder to install), Icon and Name.

[Setup]
AppId={{0B7C5E0A-6C1D-4C53-9C0B-6D2E7F1C9A41}
AppName=Driftpaint
AppVersion={#Version}
AppPublisher=The authors of Driftpaint
VersionInfoVersion={#Version}
DefaultDirName={autopf}\Driftpaint
DisableProgramGroupPage=yes
PrivilegesRequired=lowest
PrivilegesRequiredOverridesAllowed=dialog
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
MinVersion=10.0.17763
OutputBaseFilename={#Name}
SetupIconFile={#Icon}
UninstallDisplayIcon={app}\driftpaint.exe
LicenseFile=..\..\LICENSE
Compression=lzma2/max
SolidCompression=yes
ChangesAssociations=yes
CloseApplications=yes
WizardStyle=modern

[Languages]
Name: "en"; MessagesFile: "compiler:Default.isl"
Name: "de"; MessagesFile: "compiler:Languages\German.isl"

[InstallDelete]
; libraries of two versions side by side would not fit together
Type: filesandordirs; Name: "{app}\_internal"

[Files]
Source: "{#Frozen}\*"; DestDir: "{app}"; Flags: ignoreversion recursesubdirs createallsubdirs

[Icons]
Name: "{autoprograms}\Driftpaint"; Filename: "{app}\driftpaint.exe"

[Registry]
Root: HKA; Subkey: "Software\Classes\.ora\OpenWithProgids"; ValueType: string; ValueName: "Driftpaint.Project"; ValueData: ""; Flags: uninsdeletevalue
Root: HKA; Subkey: "Software\Classes\Driftpaint.Project"; ValueType: string; ValueData: "OpenRaster picture with layers"; Flags: uninsdeletekey
Root: HKA; Subkey: "Software\Classes\Driftpaint.Project\DefaultIcon"; ValueType: string; ValueData: "{app}\driftpaint.exe,0"
Root: HKA; Subkey: "Software\Classes\Driftpaint.Project\shell\open\command"; ValueType: string; ValueData: """{app}\driftpaint.exe"" ""%1"""

[Run]
Filename: "{app}\driftpaint.exe"; Description: "{cm:LaunchProgram,Driftpaint}"; Flags: nowait postinstall skipifsilent
